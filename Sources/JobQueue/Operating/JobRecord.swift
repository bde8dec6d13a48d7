public import Postgres

/// A job as a list shows it, whether it is unfinished or not.
public struct JobRecord: Sendable, Equatable {
    public let jobID: Int64
    public let queue: String
    public let kind: String
    public let state: JobState
    public let tenant: String?
    public let priority: Int
    public let uniqueKey: String?
    public let attempt: Int
    public let maxAttempts: Int
    public let runAt: Instant
    public let enqueuedAt: Instant
    /// Of the running attempt, or of the last one of a finished job.
    public let startedAt: Instant?
    public let finishedAt: Instant?
    public let workerName: String?
    /// Why it ended as it did.
    public let reason: String?
    /// How much of it is done, from 0 to 1, and in words, where its handler says so.
    public let progress: Double?
    public let progressNote: String?
}

extension JobRecord {
    /// The columns of an unfinished job of `queue.job_now`, in the order of those of a finished one.
    static let unfinishedColumns: Statement = """
        job_id, queue, kind, state, tenant, priority, unique_key, attempt_count, max_attempt_count,
        run_at, enqueued_at, started_at, NULL::timestamptz AS finished_at, worker_name, NULL::text AS reason,
        progress, progress_note
        """

    static let finishedColumns: Statement = """
        job_id, queue, kind, outcome AS state, tenant, priority, unique_key, attempt_count, max_attempt_count,
        run_at, enqueued_at, started_at, finished_at, worker_name, reason,
        NULL::real AS progress, NULL::text AS progress_note
        """

    init(_ row: Row) throws {
        jobID = try row.decode("job_id")
        queue = try row.decode("queue")
        kind = try row.decode("kind")
        state = try row.decode("state")
        tenant = try row.decode("tenant")
        priority = try row.decode("priority")
        uniqueKey = try row.decode("unique_key")
        attempt = try row.decode("attempt_count")
        maxAttempts = try row.decode("max_attempt_count")
        runAt = try row.decode("run_at")
        enqueuedAt = try row.decode("enqueued_at")
        startedAt = try row.decode("started_at")
        finishedAt = try row.decode("finished_at")
        workerName = try row.decode("worker_name")
        reason = try row.decode("reason")
        progress = try row.decode("progress")
        progressNote = try row.decode("progress_note")
    }
}
