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

    /// What every later statement about this attempt must name; see `Decisions/0001-lease-epoch`.
    var fence: Fence { Fence(jobID: jobID, leaseEpoch: leaseEpoch) }

    init(_ row: Row) throws {
        jobID = try row.decode("job_id")
        leaseEpoch = try row.decode("lease_epoch")
        kind = try row.decode("kind")
        lane = Lane(queue: try row.decode("queue"), priority: try row.decode("priority"))
        payload = try row.decode("payload")
        payloadVersion = try row.decode("payload_version")
        attempt = try row.decode("attempt_count")
        maxAttempts = try row.decode("max_attempt_count")
        enqueuedAt = try row.decode("enqueued_at")
        turnAt = try row.decode("turn_at")
        hasTenant = try row.decode("has_tenant")
        timeout = try row.decode("timeout", as: Int64?.self).map { .microseconds($0) }
        trace = try row.decode("trace")
        waited = .microseconds(try row.decode("waited", as: Int64.self))
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
