public import Postgres

/// What a handler knows about the attempt it runs.
public struct JobContext: Sendable {
    public let jobID: Int64
    /// 1 for the first attempt, and again for the first after a snooze. Hand-backs do not count.
    public let attempt: Int
    /// The number of this claim, which only grows. Store it with what the job writes elsewhere, and refuse lower ones.
    public let leaseEpoch: Int64
    public let queue: String
    public let enqueuedAt: Instant
    /// What ties the job to the request that caused it.
    public let trace: String?

    private let lease: Lease

    init(_ lease: Lease) {
        self.lease = lease
        jobID = lease.claim.jobID
        attempt = lease.claim.attempt
        leaseEpoch = lease.claim.leaseEpoch
        queue = lease.claim.lane.queue
        enqueuedAt = lease.claim.enqueuedAt
        trace = lease.claim.trace
    }

    /// The trace of the job whose handler runs in this task, if one does.
    public static var currentTrace: String? { JobTrace.current }

    /// Says how far the work has come, from 0 to 1. Stored with the next heartbeat, so it may be said often.
    public func report(progress share: Double, note: String? = nil) {
        precondition((0...1).contains(share), "progress is a share of 1")
        lease.report(Progress(share: share, note: note.map { String($0.prefix(500)) }))
    }

    /// Runs `body` and marks the job done in one transaction, and returns what `body` returned.
    ///
    /// The job is marked first: its row stays locked, so that nobody can take the job while `body` runs, and `body` may
    /// enqueue a successor under the same unique key. Whatever the handler answers afterwards is ignored. As with every
    /// transaction, `body` may run again after a serialization failure.
    ///
    /// Between two statements the transaction may rest for as long as a lease, no longer: a worker that is frozen in it would
    /// hold the job's row for ever.
    ///
    /// - Throws: ``JobError/stale`` where the lease was lost; then `body` has not run, or is undone.
    public func complete<Value: Sendable>(
        in pool: Pool,
        _ body: @escaping @Sendable (isolated Session) throws -> Value
    ) async throws -> Value {
        guard lease.standing({ $0.beginCompleting() }) else { throw JobError.stale }
        let done = Settlement(lease.claim, .done)
        let silence = lease.duration
        do {
            let value = try await pool.transaction { session in
                try JobQueue.endAfterSilence(of: silence, in: session)
                let settled = try JobQueue.settle([done], in: session)
                guard settled.stale.isEmpty else { throw JobError.stale }
                let value = try body(session)
                try JobQueue.unblockAll(after: settled.awaited, in: session)
                return value
            }
            lease.standing { $0.completed() }
            return value
        } catch {
            lease.standing { $0.completionFailed(stale: error as? JobError == .stale) }
            throw error
        }
    }
}
