public import JobQueue
public import Postgres

/// A queue inside a test: jobs run when the test says so, one after the other, and time passes when it says so.
///
/// ```swift
/// let queue = try await TestQueue(pool)
/// try await shop.take(order)
/// #expect(try await queue.enqueued(Deliver.self).map(\.payload) == [order.id])
/// try await queue.drain([Deliver(shop)])
/// try await queue.advance(by: .seconds(86_400))
/// try await queue.drain([Remind(shop)])
/// ```
///
/// Only for databases that are made for tests: it takes over the queue's clock there, for good. Let no `Worker` run beside
/// it, which would take the jobs.
public struct TestQueue: Sendable {
    let pool: Pool

    /// Takes over the clock of the queue in the database of `pool`, which may be another test queue's already.
    ///
    /// - Parameter pool: Its role must own the function `queue.now()`, as whoever migrated the database does.
    public init(_ pool: Pool) async throws {
        self.pool = pool
        try await takeOverClock()
    }

    /// Runs whatever can run now and has one of `handlers`, in the current task and the order of a worker, until nothing
    /// can; returns what ran.
    ///
    /// What a handler enqueues for now is run as well. What waits for later waits for ``advance(by:)``; a failed job's next
    /// attempt too, for the whole of its backoff and never by chance for less.
    ///
    /// - Parameters:
    ///   - queues: All there are, unless some are named.
    ///   - limit: How many attempts may be run: a job that enqueues itself would never end.
    /// - Throws: ``Endless`` after so many, with the last job that ran. What a handler throws is an outcome.
    @discardableResult
    public func drain(
        _ handlers: [any JobHandler], queues: [String]? = nil, limit: Int = 1_000
    ) async throws -> [Attempt] {
        var attempts: [Attempt] = []
        while let run = try await JobQueue.runNext(handlers, of: try await named(queues), in: pool) {
            try Task.checkCancellation()
            attempts.append(Attempt(run))
            guard attempts.count < limit else { throw Endless(limit: limit, last: Attempt(run)) }
        }
        return attempts
    }

    /// Enqueues what is due of the recurring jobs, as a `Recurring` that leads would, and returns the ids of the jobs.
    @discardableResult
    public func tick() async throws -> [Int64] {
        try await JobQueue.tickAll(in: pool)
    }

    private func named(_ queues: [String]?) async throws -> [String] {
        if let queues { return queues }
        return try await pool.rows("SELECT DISTINCT queue FROM queue.job ORDER BY queue").map { try $0.decode("queue") }
    }
}
