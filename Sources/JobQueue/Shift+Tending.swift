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
        await unblock(after: nil)
        book.withLock { $0.unblockSweeps.done(from: start, to: .now, pause: .zero) }
    }

    /// Lets jobs go on that waited for others: for `predecessors`, or whatever is found.
    func unblock(after predecessors: [Int64]?) async {
        do {
            for _ in 0..<20 {
                let changed = try await plan.pool.withSession { session in
                    try await JobQueue.unblock(after: predecessors, in: session)
                }
                if changed > 0 { nudge() }
                guard changed >= JobQueue.unblockLimit else { return }
            }
        } catch {
            failed("unblock", error)
        }
    }

    /// Once a minute: makes room in history for the days to come and forgets what is old, in a bounded number of bounded
    /// statements.
    func keepPruning() async {
        await tendHistory()
        await every(.seconds(60)) {
            await self.tendHistory()
            for _ in 0..<20 {
                guard await self.prune() >= JobQueue.pruneLimit else { return }
            }
        }
    }

    private func tendHistory() async {
        let retention = plan.retention
        do {
            let dropped = try await plan.pool.withSession { session in
                try await JobQueue.tendHistory(retention, in: session)
            }
            if dropped > 0 { plan.logger.info("Days of history were forgotten", metadata: ["days": "\(dropped)"]) }
        } catch {
            failed("history", error)
        }
    }

    private func prune() async -> Int {
        let retention = plan.retention
        do {
            let count = try await plan.pool.withSession { session in try await JobQueue.prune(retention, in: session) }
            report(.pruned(count: count))
            return count
        } catch {
            failed("prune", error)
            return 0
        }
    }
}
