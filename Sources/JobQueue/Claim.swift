import Postgres

/// One attempt at one job, as the database gave it out.
struct Claim: Sendable {
    let jobID: Int64
    let leaseEpoch: Int64
    let kind: String
    let lane: Lane
    let payload: String
    let payloadVersion: Int
    let attempt: Int
    let maxAttempts: Int
    let enqueuedAt: Instant
    let turnAt: Instant
    let hasTenant: Bool
    let timeout: Duration?
    let trace: String?
    /// How long the job had been allowed to run.
    let waited: Duration
    /// Its place among those claimed with it, the most urgent being the first.
    let rank: Int

    /// What every later statement about this attempt must name; see `Decisions/0001-lease-epoch`.
    var fence: Fence { Fence(jobID: jobID, leaseEpoch: leaseEpoch) }
}

extension Claim {
    /// The columns ``init(_:)`` reads, by their places: a name would have to be looked up for each of thousands a second.
    /// Instants come as microseconds, which cost the server a tenth of what it takes to write them out.
    static let columns: Statement = """
        job.job_id, job.lease_epoch, job.kind, job.queue, job.priority, job.payload::text, job.payload_version,
        job.attempt_count, job.max_attempt_count, (date_part('epoch', job.enqueued_at) * 1000000)::bigint,
        (date_part('epoch', job.turn_at) * 1000000)::bigint, job.tenant IS NOT NULL,
        (date_part('epoch', job.timeout) * 1000000)::bigint, job.trace,
        (date_part('epoch', job.started_at - job.run_at) * 1000000)::bigint, chosen.rank
        """

    init(_ row: Row) throws {
        jobID = try row.decode(0)
        leaseEpoch = try row.decode(1)
        kind = try row.decode(2)
        lane = Lane(queue: try row.decode(3), priority: try row.decode(4))
        payload = try row.decode(5)
        payloadVersion = try row.decode(6)
        attempt = try row.decode(7)
        maxAttempts = try row.decode(8)
        enqueuedAt = Instant(microsecondsSinceEpoch: try row.decode(9))
        turnAt = Instant(microsecondsSinceEpoch: try row.decode(10))
        hasTenant = try row.decode(11)
        timeout = try row.decode(12, as: Int64?.self).map { .microseconds($0) }
        trace = try row.decode(13)
        waited = .microseconds(max(0, try row.decode(14, as: Int64.self)))
        rank = try row.decode(15)
    }
}

/// The proof that a statement speaks for the attempt that holds the job now.
struct Fence: Hashable, Sendable {
    let jobID: Int64
    let leaseEpoch: Int64

    init(jobID: Int64, leaseEpoch: Int64) {
        self.jobID = jobID
        self.leaseEpoch = leaseEpoch
    }

    init(_ row: Row) throws {
        self.init(jobID: try row.decode("job_id"), leaseEpoch: try row.decode("lease_epoch"))
    }
}

/// Whom a claim is for.
struct Claimant: Sendable {
    let name: String
    let queues: [String]
    let kinds: [String]
    let leaseDuration: Duration
}
