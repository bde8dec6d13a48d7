import FoundationEssentials
public import JobQueue
public import Postgres

/// A job that is not finished, with its payload as its handler would get it.
public struct Enqueued<Payload: Sendable>: Sendable {
    public let jobID: Int64
    public let payload: Payload
    public let queue: String
    public let priority: Int
    /// The earliest moment it may run.
    public let runAt: Instant
    public let uniqueKey: String?
    public let tenant: String?
    /// Attempts that failed, and the one that runs.
    public let attemptCount: Int
}

extension Enqueued: Equatable where Payload: Equatable {}

extension TestQueue {
    /// The unfinished jobs of one kind, in the order they were enqueued.
    ///
    /// - Parameter queue: Only those of this queue.
    /// - Throws: What reading a payload throws: a handler could not run that job either.
    public func enqueued<Handler: JobHandler>(
        _ handler: Handler.Type, in queue: String? = nil
    ) async throws -> [Enqueued<Handler.Payload>] {
        try await pool.rows(
            """
            SELECT job_id, payload::text, payload_version, queue, priority, run_at, unique_key, tenant, attempt_count
              FROM queue.job_now
             WHERE kind = \(Handler.kind) AND queue = coalesce(\(queue)::text, queue)
             ORDER BY job_id
            """
        ).map { row in
            Enqueued(
                jobID: try row.decode("job_id"),
                payload: try payload(of: handler, row),
                queue: try row.decode("queue"),
                priority: try row.decode("priority"),
                runAt: try row.decode("run_at"),
                uniqueKey: try row.decode("unique_key"),
                tenant: try row.decode("tenant"),
                attemptCount: try row.decode("attempt_count")
            )
        }
    }

    private func payload<Handler: JobHandler>(of handler: Handler.Type, _ row: Row) throws -> Handler.Payload {
        let json = Data(try row.decode("payload", as: String.self).utf8)
        let version = try row.decode("payload_version", as: Int.self)
        return version == Handler.version
            ? try JSONDecoder().decode(Handler.Payload.self, from: json) : try Handler.upgrade(json, from: version)
    }
}
