import FoundationEssentials
public import Postgres

/// A piece of work to enqueue: which kind, with what payload, where, when and how often it may be tried.
///
/// Values are checked when the database takes them; see `Migrations/0001_queue.sql` for the bounds.
public struct Job: Sendable {
    let kind: String
    let payload: String
    let queue: String
    let priority: Int
    let runAt: Instant?
    let maxAttempts: Int
    let uniqueKey: String?

    /// A job that `handler` will run with `payload`.
    ///
    /// - Parameters:
    ///   - priority: Larger runs first, within its queue.
    ///   - runAt: The earliest moment by the database's clock; `nil` is now.
    ///   - maxAttempts: How many in a row may fail; a snooze begins anew. `Int(Int32.max)` for a job that must not die.
    ///   - uniqueKey: While a job with this key is unfinished (running included), enqueueing another adds nothing.
    /// - Throws: `EncodingError` where the payload cannot be written as JSON.
    public init<Handler: JobHandler>(
        _ handler: Handler.Type,
        _ payload: Handler.Payload,
        queue: String = "default",
        priority: Int = 0,
        runAt: Instant? = nil,
        maxAttempts: Int = 25,
        uniqueKey: String? = nil
    ) throws {
        self.kind = Handler.kind
        self.payload = String(decoding: try JSONEncoder().encode(payload), as: UTF8.self)
        self.queue = queue
        self.priority = priority
        self.runAt = runAt
        self.maxAttempts = maxAttempts
        self.uniqueKey = uniqueKey
    }
}
