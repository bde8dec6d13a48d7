import Postgres

/// One attempt at one job, as the database gave it out.
struct Claim: Sendable {
    /// What every later statement about this attempt must name; see `Decisions/0001-lease-epoch`.
    let fence: Fence
    let kind: String
    let lane: Lane
    let payload: String
    let payloadVersion: Int
    let attempt: Int
    let maxAttempts: Int
    /// How often the job had been asked to look again when it was claimed.
    let hastenCount: Int
    let enqueuedAt: Instant
    let turnAt: Instant
    let hasTenant: Bool
    let timeout: Duration?
    let trace: String?
    /// How long the job had been allowed to run.
    let waited: Duration
    /// By what it comes before others that were claimed with it, the earliest being the most urgent; its turn, where all are
    /// of one lane.
    let urgencyAt: Instant

    var jobID: Int64 { fence.jobID }
    var leaseEpoch: Int64 { fence.leaseEpoch }
}

extension Claim {
    /// The columns ``init(_:of:leaseEpoch:)`` reads, by their places: a name would have to be looked up for each of thousands a
    /// second. Instants come as microseconds, which cost the server a tenth of what it takes to write them out.
    static func columns(lane: Statement, urgency: Statement) -> Statement {
        """
        job.job_id, job.revision, \(statement: lane), job.kind, job.payload::text, job.payload_version,
        job.attempt_count + 1, job.max_attempt_count, job.hasten_count,
        (date_part('epoch', job.enqueued_at) * 1000000)::bigint, (date_part('epoch', job.turn_at) * 1000000)::bigint,
        job.tenant IS NOT NULL, (date_part('epoch', job.timeout) * 1000000)::bigint, job.trace,
        (date_part('epoch', (SELECT queue.now()) - job.run_at) * 1000000)::bigint,
        (date_part('epoch', \(statement: urgency)) * 1000000)::bigint
        """
    }

    init(_ row: Row, of lane: Lane, leaseEpoch: Int64) throws {
        fence = Fence(jobID: try row.decode(0), revision: try row.decode(1), leaseEpoch: leaseEpoch)
        self.lane = lane
        kind = try row.decode(3)
        payload = try row.decode(4)
        payloadVersion = try row.decode(5)
        attempt = try row.decode(6)
        maxAttempts = try row.decode(7)
        hastenCount = try row.decode(8)
        enqueuedAt = Instant(microsecondsSinceEpoch: try row.decode(9))
        turnAt = Instant(microsecondsSinceEpoch: try row.decode(10))
        hasTenant = try row.decode(11)
        timeout = try row.decode(12, as: Int64?.self).map { .microseconds($0) }
        trace = try row.decode(13)
        waited = .microseconds(max(0, try row.decode(14, as: Int64.self)))
        urgencyAt = try row.decode(15, as: Int64?.self).map { Instant(microsecondsSinceEpoch: $0) } ?? turnAt
    }
}

/// The proof that a statement speaks for the attempt that holds the job now: its lease is there, and the job is still what the
/// lease names.
struct Fence: Hashable, Sendable {
    let jobID: Int64
    let revision: Int64
    let leaseEpoch: Int64
}

extension Fence {
    /// By the job alone: a worker holds one attempt at it, and seldom another that is over.
    func hash(into hasher: inout Hasher) { hasher.combine(jobID) }

    /// Reads the first three columns.
    init(_ row: Row) throws {
        self.init(jobID: try row.decode(0), revision: try row.decode(1), leaseEpoch: try row.decode(2))
    }
}

/// Whom a claim is for.
struct Claimant: Sendable {
    let name: String
    let queues: [String]
    let kinds: [String]
    let leaseDuration: Duration
}
