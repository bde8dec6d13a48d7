package import Postgres

/// One attempt that was run by itself, and how it ended.
package struct SingleRun: Sendable {
    package let jobID: Int64
    package let kind: String
    package let queue: String
    package let attempt: Int
    /// The word of metrics for it; `stale` where the lease was lost meanwhile.
    package let outcome: String
    package let reason: String?
}

extension JobQueue {
    /// Runs the most urgent job that can run now, in the current task, and stores how it ended; `nil` where there is none.
    ///
    /// No worker, no heartbeats, no waiting, no chance: what tests need. A failed job is to wait for the whole of its ``Backoff``.
    /// Limits hold as for any worker. An attempt that is still running when `leaseDuration` is over may be taken by others.
    package static func runNext(
        _ handlers: [any JobHandler], of queues: [String], in pool: Pool, leaseDuration: Duration = .seconds(3_600)
    ) async throws -> SingleRun? {
        let table = HandlerTable(handlers)
        let claimant = Claimant(name: "runNext", queues: queues, kinds: table.kinds, leaseDuration: leaseDuration)
        guard let claim = try await claimNext(for: claimant, in: pool) else { return nil }
        let lease = Lease(claim, duration: leaseDuration)
        let verdict = await table[claim.kind].verdict(on: lease, clock: ContinuousClock(), jitters: false)
        let ending = lease.handlerEnded()
        let settlements = ending == .settle ? [Settlement(claim, verdict)] : []
        let settled = try await pool.withSession { session in
            try await settle(settlements, leases: [claim.leaseEpoch], in: session)
        }
        switch ending {
        case .settle where settled.stale.isEmpty:
            return SingleRun(claim, outcome: verdict.word, reason: verdict.reason)
        case .completed: return SingleRun(claim, outcome: "done", reason: nil)
        case .settle, .surrendered, .refuse:
            return SingleRun(claim, outcome: "stale", reason: verdict.reason)
        }
    }

    private static func claimNext(for claimant: Claimant, in pool: Pool) async throws -> Claim? {
        let request = ClaimRequest(claimant: claimant, limit: 1)
        return try await pool.withSession { session in
            // Each round decides about jobs whose predecessors the one before has cancelled.
            while try await unblock(in: session).changed > 0 {}
            let throttled = try await throttled(for: claimant, in: session)
            return try await throttled.isEmpty
                ? claim(request, in: session).claims.first : claim(request, within: throttled, in: session).claims.first
        }
    }
}

extension SingleRun {
    fileprivate init(_ claim: Claim, outcome: String, reason: String?) {
        self.init(
            jobID: claim.jobID, kind: claim.kind, queue: claim.lane.queue, attempt: claim.attempt, outcome: outcome,
            reason: reason
        )
    }
}

extension Settlement.Verdict {
    fileprivate var reason: String? {
        switch self {
        case .discarded(let reason), .dead(let reason), .retry(_, let reason): reason
        case .done, .snoozed, .handedBack, .postponed: nil
        }
    }
}
