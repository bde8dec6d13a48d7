import Logging
import Postgres
import Synchronization

extension Shift {
    /// As often as heartbeats are sent, but not in their way.
    func keepUnblocking() async {
        await every(plan.claimant.leaseDuration / 3) { await self.unblockAll() }
    }

    /// Lets go on whatever a lost worker left waiting.
    private func unblockAll() async {
        let start = ContinuousClock.now
        guard book.withLock({ $0.unblockSweeps.isDue(at: start) }) else { return }
        do {
            for _ in 0..<JobQueue.unblockRounds {
                guard try await unblockOnce(after: nil).changed > 0 else { break }
            }
        } catch {
            failed("unblock", error)
        }
        book.withLock { $0.unblockSweeps.done(from: start, to: .now, pause: .zero) }
    }

    /// Lets jobs go on that waited for `predecessors`, and cancels what waits in vain, to the end of the chain.
    func unblock(after predecessors: [Int64]) async {
        var ended = predecessors
        do {
            for _ in 0..<JobQueue.unblockRounds where !ended.isEmpty {
                ended = try await unblockOnce(after: ended).left(of: ended)
            }
        } catch {
            failed("unblock", error)
        }
    }

    /// A transaction of its own, so that no lock is held for a whole chain.
    private func unblockOnce(after predecessors: [Int64]?) async throws -> Unblocked {
        let unblocked = try await plan.pool.withSession { session in
            try await JobQueue.unblock(after: predecessors, in: session)
        }
        if unblocked.changed > 0 { nudge() }
        return unblocked
    }

    /// Once a minute: makes room in history for the days to come and forgets what is old, in a bounded number of bounded
    /// statements.
    func keepPruning() async {
        await tendHistory()
        await every(.seconds(60)) {
            await self.tendHistory()
            for _ in 0..<JobQueue.pruneRounds where await self.prune() < JobQueue.pruneLimit { break }
            for _ in 0..<JobQueue.pruneRounds where await self.pruneWakes() < JobQueue.pruneLimit { break }
        }
    }

    private func tendHistory() async {
        let retention = plan.retention
        do {
            for _ in 0..<JobQueue.tendLimit {
                let change = try await plan.pool.withSession { session in
                    try await JobQueue.tendHistory(retention, in: session)
                }
                guard let change else { return }
                plan.logger.info("A day of history was made or forgotten", metadata: ["change": "\(change)"])
            }
        } catch {
            failed("history", error)
        }
    }

    private func prune() async -> Int {
        let retention = plan.retention
        return await forget { session in try await JobQueue.prune(retention, in: session) }
    }

    private func pruneWakes() async -> Int {
        let floor = book.withLock(\.wakesFloor)
        return await forget { session in
            let forgotten = try await JobQueue.pruneWakes(from: floor, in: session)
            self.book.withLock { $0.wakesFloor = forgotten.floor }
            return forgotten.count
        }
    }

    private func forget(_ some: @Sendable (Session) async throws -> Int) async -> Int {
        do {
            let count = try await plan.pool.withSession(some)
            report(.pruned(count: count))
            return count
        } catch {
            failed("prune", error)
            return 0
        }
    }
}
