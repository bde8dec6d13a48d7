public import Postgres

/// A queue that rests: none of its jobs is claimed until somebody resumes it. What runs already runs on.
public struct Pause: Sendable, Equatable {
    public let queue: String
    /// For those who wonder why nothing happens.
    public let reason: String?
    public let pausedAt: Instant
}

extension JobQueue {
    static let nameLengths = 1...100
    static let pauseReasonLengths = 1...500

    /// Lets `queue` rest from the commit of the caller's transaction on, and returns how it rests.
    ///
    /// Jobs may still be enqueued. A queue that rests already keeps the moment of its first pause, and its reason where
    /// no other is given.
    @discardableResult
    public static func pause(
        _ queue: String, reason: String? = nil, in session: isolated Session
    ) throws -> Pause {
        try InvalidValue.check(queue, lengths: nameLengths, as: "queue")
        if let reason { try InvalidValue.check(reason, lengths: pauseReasonLengths, as: "reason") }
        let rows = try session.rows(
            """
            INSERT INTO queue.pause (queue, reason)
            VALUES (\(queue), \(reason))
            ON CONFLICT (queue) DO UPDATE SET reason = coalesce(excluded.reason, pause.reason)
            RETURNING queue, reason, paused_at
            """
        )
        guard let row = rows.first else { preconditionFailure("an upsert returns its row") }
        return try Pause(row)
    }

    /// Lets `queue` work again and returns whether it rested. Ring the ``Bell`` after the commit.
    @discardableResult
    public static func resume(_ queue: String, in session: isolated Session) throws -> Bool {
        try session.execute("DELETE FROM queue.pause WHERE queue = \(queue)") > 0
    }

    /// The queues that rest, by name.
    public static func pauses(in session: isolated Session) throws -> [Pause] {
        try session.rows("SELECT queue, reason, paused_at FROM queue.pause ORDER BY queue").map { try Pause($0) }
    }
}

extension Pause {
    fileprivate init(_ row: Row) throws {
        queue = try row.decode("queue")
        reason = try row.decode("reason")
        pausedAt = try row.decode("paused_at")
    }
}
