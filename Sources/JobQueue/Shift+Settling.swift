import Logging
import Postgres
import Synchronization

extension Shift {
    /// Verdicts stored at most at a time.
    static let settleLimit = 500

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
        let isWhole = book.withLock { $0.verdicts.count >= min($0.leases.count, Self.settleLimit) }
        // Ends early only by cancellation, and then there is no time to wait anyway.
        if !isWhole { _ = try? await plan.clock.sleep(for: Self.gatheringTime) }
    }

    /// Stores all verdicts there are, or leaves those to the next poll that failed for a passing reason.
    func settleAll() async {
        while true {
            let batch = book.withLock { book in
                let batch = Array(book.verdicts.prefix(Self.settleLimit))
                book.verdicts.removeFirst(batch.count)
                return batch
            }
            guard !batch.isEmpty, await settle(batch) else { return }
        }
    }

    /// Whether it is worth going on.
    private func settle(_ batch: [Settlement]) async -> Bool {
        let pool = plan.pool
        do {
            // In a task of its own: cancelling a statement on its way would leave open what it did.
            let settled = try await Task {
                try await pool.withSession { session in try await JobQueue.settle(batch, in: session) }
            }.value
            note(batch, held: settled.held)
            if !settled.awaited.isEmpty { await unblock(after: settled.awaited) }
            return true
        } catch let error as PostgresError where !error.passes {
            failed("settle", error)
            return await settleSingly(batch, after: error)
        } catch {
            failed("settle", error)
            book.withLock { $0.verdicts.insert(contentsOf: batch, at: 0) }
            return false
        }
    }

    /// Keeps one verdict that the database cannot take from holding up the others. It is dropped; without a heartbeat
    /// its job is rescued, its attempt charged.
    private func settleSingly(_ batch: [Settlement], after error: PostgresError) async -> Bool {
        guard batch.count == 1 else {
            for settlement in batch {
                guard await settle([settlement]) else { return false }
            }
            return true
        }
        plan.logger.error(
            "The database refused what an attempt ended with",
            metadata: ["job": "\(batch[0].fence.jobID)", "error": "\(error)"]
        )
        free(batch.map(\.fence))
        return true
    }

    private func note(_ batch: [Settlement], held: Set<Fence>) {
        let kinds = book.withLock { book in batch.map { book.leases[$0.fence.leaseEpoch]?.claim.kind ?? "" } }
        free(batch.map(\.fence))
        for (settlement, kind) in zip(batch, kinds) {
            if held.contains(settlement.fence) {
                report(.ended(jobID: settlement.fence.jobID, kind: kind, outcome: settlement.verdict.word))
            } else {
                refuse(settlement.fence)
            }
        }
    }
}

extension PostgresError {
    /// Whether the fault is the server's and not the verdict's, so that the same statement will do later: at once, or
    /// when somebody has made room on the disk or let the server write again.
    fileprivate var passes: Bool { isRetryable || kind == .diskFull || kind == .readOnly }
}
