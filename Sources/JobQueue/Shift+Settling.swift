import Logging
import Postgres
import Synchronization

extension Shift {
    /// Verdicts stored at most at a time.
    static let settleLimit = 1_000

    /// How long verdicts wait for a row somebody has locked, before each is stored by itself and the late ones are kept.
    /// Shorter than the server takes to look for a deadlock, so that it is mostly the worker who gives way.
    static let lockPatience = Duration.milliseconds(700)

    /// How long a first verdict waits for company while other handlers run.
    static let gatheringTime = Duration.milliseconds(2)

    /// Stores verdicts in batches: what gathers in a moment, and whatever comes while a batch is on its way.
    func keepSettling() async {
        while !Task.isCancelled {
            await ledger.wait()
            await gather()
            await settleAll()
        }
    }

    private func gather() async {
        let isComplete = book.withLock { book in
            // What raised the ledger may have been stored meanwhile.
            let isAnythingLeft = !book.verdicts.isEmpty || !book.emptied.isEmpty
            return !isAnythingLeft || book.verdicts.count >= min(book.leases.count, Self.settleLimit)
        }
        // Ends early only by cancellation, and then there is no time to wait anyway.
        if !isComplete { _ = try? await plan.clock.sleep(for: Self.gatheringTime) }
    }

    /// Stores all verdicts there are, or leaves those to the next poll that failed for a passing reason. Without verdicts there
    /// may be leases to forget.
    func settleAll() async {
        while true {
            let (batch, isAnythingLeft) = book.withLock { book in
                let batch = Array(book.verdicts.prefix(Self.settleLimit))
                book.verdicts.removeFirst(batch.count)
                return (batch, !batch.isEmpty || !book.emptied.isEmpty)
            }
            guard isAnythingLeft, await settle(batch) else { return }
        }
    }

    /// Whether it is worth going on.
    private func settle(_ batch: [Settlement]) async -> Bool {
        switch await store(batch) {
        case .stored: return true
        case .failed(let error) where error.passes: return keep(batch)
        case .failed: return await settleSingly(batch)
        }
    }

    private enum Storing {
        case stored
        case failed(any Error)
    }

    private func store(_ batch: [Settlement]) async -> Storing {
        let pool = plan.pool
        let leases = book.withLock { $0.emptied(by: batch) }
        do {
            // In a task of its own: cancelling a statement on its way would leave open what it did.
            let settled = try await Task {
                try await pool.withSession { session in
                    try await JobQueue.settle(batch, leases: leases, patience: Self.lockPatience, in: session)
                }
            }.value
            note(batch, stale: settled.stale, forgotten: leases)
            await unblock(after: settled.awaited)
            return .stored
        } catch {
            failed("settle", error)
            return .failed(error)
        }
    }

    /// Stores one by one what cannot be stored together, so that a verdict the database refuses, or whose row somebody has
    /// locked, holds up no other.
    ///
    /// An attempt whose verdict is refused has failed. One that had to wait too long is kept for the next time.
    private func settleSingly(_ batch: [Settlement]) async -> Bool {
        var late: [Settlement] = []
        for (place, settlement) in batch.enumerated() {
            switch await store([settlement]) {
            case .stored: break
            case .failed(let error) where error.passes: return keep(late + batch[place...])
            case .failed(let error) where error.isLate: late.append(settlement)
            case .failed(let error): await fail(settlement, error)
            }
        }
        return keep(late)
    }

    /// Leaves verdicts to the next poll. Meanwhile they keep their slots.
    private func keep(_ verdicts: [Settlement]) -> Bool {
        book.withLock { $0.verdicts.insert(contentsOf: verdicts, at: 0) }
        return verdicts.isEmpty
    }

    /// Stores that the database refused what an attempt ended with. If it refuses that too, the job is rescued once its lease
    /// has run out, which the other attempts of the same claim may put off.
    private func fail(_ settlement: Settlement, _ error: any Error) async {
        plan.logger.error(
            "The database refused what an attempt ended with",
            metadata: ["job": "\(settlement.fence.jobID)", "error": "\(error)"]
        )
        guard let claim = book.withLock({ $0.leases[settlement.fence]?.claim }) else { return }
        let reason = "the database refused what it ended with, \(settlement.verdict.word): \(error)"
        let isLast = claim.attempt >= claim.maxAttempts
        let failure: Settlement.Verdict =
            isLast ? .dead(reason: reason) : .retry(after: plan.claimant.leaseDuration, reason: reason)
        guard case .failed = await store([Settlement(claim, failure)]) else { return }
        book.withLock { $0.abandon(settlement.fence) }
        free([settlement.fence])
    }

    private func note(_ batch: [Settlement], stale: Set<Fence>, forgotten: [Int64]) {
        let kinds = free(batch.lazy.map(\.fence), forgotten: forgotten)
        for (settlement, kind) in zip(batch, kinds) {
            if stale.isEmpty || !stale.contains(settlement.fence) {
                report(.ended(jobID: settlement.fence.jobID, kind: kind, outcome: settlement.verdict.word))
            } else {
                refuse(settlement.fence)
            }
        }
    }
}

extension Error {
    /// Whether there was too much to wait for.
    fileprivate var isLate: Bool {
        guard let error = self as? PostgresError else { return false }
        return error.kind == .lockTimeout || error.kind == .statementTimeout
    }

    /// Whether the fault is not the verdict's, so that the same statement will do later: at once, or when somebody has
    /// made room on the disk or let the server write again. Whatever is no word of the server's is none about a verdict.
    fileprivate var passes: Bool {
        guard let error = self as? PostgresError else { return true }
        return error.isRetryable || error.kind == .diskFull || error.kind == .readOnly
    }
}
