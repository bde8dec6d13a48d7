public import Postgres

/// A piece of work to enqueue: which kind, with what payload, where, when and how often it may be tried.
///
/// Values are checked when the database takes them; see `Migrations/0001_queue.sql` and its successors for the bounds.
public struct Job: Sendable {
    /// The priorities there are: larger runs first, and 0 is usual.
    public static let priorities = -4...4

    /// As the table has it, and ``init(_:_:queue:priority:runAt:maxAttempts:uniqueKey:tenant:timeout:trace:)``.
    static let usualMaxAttempts = 25

    let kind: String
    let payload: String
    let payloadVersion: Int
    let queue: String
    let priority: Int
    let runAt: Instant?
    let maxAttempts: Int
    let tenant: String?
    let timeout: Duration?
    let trace: String?
    var uniqueness: Uniqueness?
    var predecessors: [Predecessor] = []

    /// A job that `handler` will run with `payload`.
    ///
    /// - Parameters:
    ///   - priority: One of ``priorities``. A step is worth a minute of waiting, so that no job waits for ever.
    ///   - runAt: The earliest moment by the database's clock; `nil` is now.
    ///   - maxAttempts: How many in a row may fail; a snooze begins anew. `Int(Int32.max)` for a job that must not die.
    ///   - uniqueKey: While a job with this key is unfinished (running included), enqueueing another adds nothing. See
    ///     ``unique(_:within:)`` and ``replacing()`` for other rules.
    ///   - tenant: Whose turn it takes: those who have jobs waiting in one queue are served in turns, however many.
    ///   - timeout: How long an attempt may take; its task is then cancelled and the attempt has failed.
    ///   - trace: What ties the job to the request that caused it, such as a W3C `traceparent`, cut at 512 characters; by
    ///     default that of the job whose handler enqueues this one.
    /// - Throws: `EncodingError` where the payload cannot be written as JSON.
    public init<Handler: JobHandler>(
        _ handler: Handler.Type,
        _ payload: Handler.Payload,
        queue: String = "default",
        priority: Int = 0,
        runAt: Instant? = nil,
        maxAttempts: Int = 25,
        uniqueKey: String? = nil,
        tenant: String? = nil,
        timeout: Duration? = nil,
        trace: String? = JobContext.currentTrace
    ) throws {
        self.kind = Handler.kind
        self.payload = try PayloadCoding.text(of: payload)
        self.payloadVersion = Handler.version
        self.queue = queue
        self.priority = priority
        self.runAt = runAt
        self.maxAttempts = maxAttempts
        self.tenant = tenant
        precondition(timeout.map { $0 > .zero } ?? true, "a job's time limit is above zero")
        self.timeout = timeout
        self.trace = trace.map { String($0.prefix(512)) }
        uniqueness = uniqueKey.map { Uniqueness(key: $0) }
    }
}
