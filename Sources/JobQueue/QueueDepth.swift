public import Postgres

/// How full one queue is, now.
public struct QueueDepth: Sendable, Equatable {
    public let queue: String
    /// Jobs whose time has not come, or was not noticed yet.
    public let scheduledCount: Int
    /// Jobs that wait for a free worker.
    public let availableCount: Int
    public let runningCount: Int
    /// How long the oldest available job has been allowed to run; `nil` where none waits.
    public let oldestAvailableSeconds: Double?
}

extension JobQueue {
    /// The depth of every queue that has unfinished jobs. Reads the whole hot table: ask every few seconds, not more.
    public static func depths(in session: isolated Session) throws -> [QueueDepth] {
        try session.rows(
            """
            SELECT queue, scheduled_count, available_count, running_count, oldest_available_seconds
              FROM queue.depth_now
             ORDER BY queue
            """
        ).map { row in
            QueueDepth(
                queue: try row.decode("queue"),
                scheduledCount: try row.decode("scheduled_count"),
                availableCount: try row.decode("available_count"),
                runningCount: try row.decode("running_count"),
                oldestAvailableSeconds: try row.decode("oldest_available_seconds")
            )
        }
    }
}
