public import Postgres

/// Everything there is to know about one job.
public struct JobDetails: Sendable, Equatable {
    /// An attempt that did not end well.
    public struct Failure: Sendable, Equatable {
        public let attempt: Int
        public let leaseEpoch: Int64
        public let reason: String
        public let failedAt: Instant
    }

    /// A job that must end first.
    public struct Predecessor: Sendable, Equatable {
        public let jobID: Int64
        /// How it must end: `succeeded`, `failed` or `ended`.
        public let condition: String
        public let state: JobState?
    }

    public let job: JobRecord
    /// The payload, as JSON.
    public let payload: String
    public let payloadVersion: Int
    public let trace: String?
    /// How long an attempt may take.
    public let timeout: Duration?
    /// The claim it runs under, or last ran under.
    public let leaseEpoch: Int64?
    /// When it is taken from a worker that is not heard of.
    public let leaseUntil: Instant?
    /// What went wrong, oldest first; the last hundred.
    public let failures: [Failure]
    /// What it still waits for, by id; the first hundred.
    public let predecessors: [Predecessor]
}

extension JobQueue {
    static let detailLimit = 100

    /// The job with this id, unfinished or finished, or `nil` where it was never there or is forgotten.
    public static func show(_ jobID: Int64, in session: isolated Session) throws -> JobDetails? {
        // Three statements see three moments; each is right by itself, and a person asks again.
        let answers = try session.pipeline([job(jobID), failures(of: jobID), predecessors(of: jobID)])
        guard let row = answers[0].first else { return nil }
        let timeout = try row.decode("timeout_microseconds", as: Int64?.self)
        return JobDetails(
            job: try JobRecord(row),
            payload: try row.decode("payload"),
            payloadVersion: try row.decode("payload_version"),
            trace: try row.decode("trace"),
            timeout: timeout.map { .microseconds($0) },
            leaseEpoch: try row.decode("lease_epoch"),
            leaseUntil: try row.decode("lease_until"),
            failures: try answers[1].reversed().map { try JobDetails.Failure($0) },
            predecessors: try answers[2].map { try JobDetails.Predecessor($0) }
        )
    }

    private static func job(_ jobID: Int64) -> Statement {
        """
        SELECT \(statement: JobRecord.unfinishedColumns), payload::text, payload_version, trace, lease_epoch,
               lease_until, (extract(epoch FROM timeout) * 1000000)::bigint AS timeout_microseconds
          FROM queue.job_now
         WHERE job_id = \(jobID)
        UNION ALL
        SELECT \(statement: JobRecord.finishedColumns), payload::text, payload_version, trace, lease_epoch,
               NULL, (extract(epoch FROM timeout) * 1000000)::bigint
          FROM queue.history
         WHERE job_id = \(jobID)
         LIMIT 1
        """
    }

    private static func failures(of jobID: Int64) -> Statement {
        """
        SELECT attempt_count, lease_epoch, reason, failed_at
          FROM queue.failure
         WHERE job_id = \(jobID)
         ORDER BY lease_epoch DESC
         LIMIT \(detailLimit)::bigint
        """
    }

    private static func predecessors(of jobID: Int64) -> Statement {
        """
        SELECT after_job_id, condition, job.state
          FROM queue.dependency
          LEFT JOIN queue.job_now AS job ON job.job_id = after_job_id
         WHERE dependency.job_id = \(jobID)
         ORDER BY after_job_id
         LIMIT \(detailLimit)::bigint
        """
    }
}

extension JobDetails.Failure {
    fileprivate init(_ row: Row) throws {
        attempt = try row.decode("attempt_count")
        leaseEpoch = try row.decode("lease_epoch")
        reason = try row.decode("reason")
        failedAt = try row.decode("failed_at")
    }
}

extension JobDetails.Predecessor {
    fileprivate init(_ row: Row) throws {
        jobID = try row.decode("after_job_id")
        condition = try row.decode("condition")
        state = try row.decode("state")
    }
}
