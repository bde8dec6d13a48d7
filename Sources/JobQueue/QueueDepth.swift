public import Postgres

/// How full one queue is, now.
public struct QueueDepth: Sendable, Equatable {
    public let queue: String
    /// Whether it rests: nothing of it is claimed until somebody resumes it.
    public let isPaused: Bool
    /// Jobs that wait for others to end.
    public let blockedCount: Int
    /// Jobs whose time has not come, or was not noticed yet.
    public let scheduledCount: Int
    /// Jobs that wait for a free worker.
    public let availableCount: Int
    public let runningCount: Int
    /// Jobs whose last attempt failed.
    public let deadCount: Int
    /// How long the oldest available job has been allowed to run; `nil` where none waits.
    public let oldestAvailableSeconds: Double?
}

extension JobQueue {
    /// The depth of every queue that has unfinished or dead jobs, or rests.
    ///
    /// Reads the whole hot table, so it is for people who ask. A ``Watchdog``, which asks again and again, counts no
    /// further than a bound.
    public static func depths(in session: isolated Session) throws -> [QueueDepth] {
        try session.rows(
            """
            SELECT queue, paused, blocked_count, scheduled_count, available_count, running_count, dead_count,
                   oldest_available_seconds
              FROM queue.depth_now
             ORDER BY queue
            """
        ).map { try QueueDepth($0) }
    }
}

extension QueueDepth {
    init(_ row: Row) throws {
        queue = try row.decode("queue")
        isPaused = try row.decode("paused")
        blockedCount = try row.decode("blocked_count")
        scheduledCount = try row.decode("scheduled_count")
        availableCount = try row.decode("available_count")
        runningCount = try row.decode("running_count")
        deadCount = try row.decode("dead_count")
        oldestAvailableSeconds = try row.decode("oldest_available_seconds")
    }
}
