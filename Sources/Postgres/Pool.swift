import Synchronization

/// A bounded number of sessions, lent to whoever needs one.
///
/// Bounded in sessions, in waiters and in waiting time; those who wait are served in the order they came. A session
/// that comes back in the middle of something is rolled back, a broken one is replaced, and one whose task was
/// cancelled is closed.
public final class Pool: Sendable {
    typealias Line = Lending<Session, CheckedContinuation<Grant<Session>, Never>>

    let configuration: Configuration
    let waitLimit: Duration
    let lending: Mutex<Line>
    let nextWaiter = Atomic<UInt64>(0)

    /// Sessions nobody used for this long are closed by `run()`.
    static let idleLimit = Duration.seconds(300)

    public init(
        _ configuration: Configuration,
        size: Int,
        waiters: Int = 1024,
        waitLimit: Duration = .seconds(10)
    ) {
        precondition(size > 0, "a pool needs at least one session")
        self.configuration = configuration
        self.waitLimit = waitLimit
        lending = Mutex(Line(size: size, bound: waiters))
    }

    /// Lends a session to `body` and takes it back however `body` ends.
    ///
    /// When the task is cancelled, the running statement is stopped and the session throws `.cancelled` from then on.
    @discardableResult
    public func withSession<Value: Sendable>(
        _ body: @Sendable (Session) async throws -> Value
    ) async throws -> Value {
        let session = try await lease()
        do {
            let value = try await withTaskCancellationHandler {
                try await body(session)
            } onCancel: {
                session.cancel()
            }
            await takeBack(session)
            return value
        } catch {
            await takeBack(session)
            throw error
        }
    }

    /// Runs `body` in a transaction on some session.
    ///
    /// What passes by itself (serialization failures, deadlocks, a connection lost before COMMIT was sent) is tried
    /// again up to `attempts` times with growing, random pauses; so `body` must do nothing but talk to its session. It
    /// is the server's error that decides, also when `body` wrapped it in one of its own.
    @discardableResult
    public func transaction<Value: Sendable>(
        isolation: Isolation = .readCommitted,
        attempts: Int = 5,
        _ body: @escaping @Sendable (isolated Session) throws -> Value
    ) async throws -> Value {
        var backoff = Backoff(first: .milliseconds(10), limit: .seconds(1))
        var attempt = 1
        while true {
            switch await runTransaction(isolation: isolation, body) {
            case .committed(let value): return value
            case .failed(let error, let mayRetry):
                guard mayRetry, attempt < attempts, !Task.isCancelled else { throw error }
            }
            attempt += 1
            var generator = SystemRandomNumberGenerator()
            do {
                try await Task.sleep(for: backoff.next(using: &generator))
            } catch {
                throw Session.cancelled
            }
        }
    }

    private func runTransaction<Value: Sendable>(
        isolation: Isolation,
        _ body: @escaping @Sendable (isolated Session) throws -> Value
    ) async -> Session.Attempt<Value> {
        do {
            return try await withSession { session in
                await session.attempt(isolation: isolation, body)
            }
        } catch let error as PostgresError {
            // No session was to be had. A full pool has made us wait already; an unreachable server may come back.
            return .failed(error, mayRetry: error.isRetryable && error.kind != .tooManyConnections)
        } catch {
            return .failed(error, mayRetry: false)
        }
    }

    /// Runs one statement by itself.
    public func rows(_ statement: Statement) async throws -> Rows {
        try await withSession { try await $0.rows(statement) }
    }

    /// Runs one statement by itself and returns how many rows it touched.
    @discardableResult
    public func execute(_ statement: Statement) async throws -> Int {
        try await withSession { try await $0.execute(statement) }
    }

    /// Closes idle sessions that are no longer needed, until the task is cancelled. A pool works without it too.
    public func run() async {
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: Self.idleLimit / 4)
            } catch {
                // Cancelled: the loop ends.
                return
            }
            for session in lending.withLock({ $0.reap(idleSince: .now - Self.idleLimit) }) {
                await session.close()
            }
        }
    }

    /// Refuses everybody from now on, closes what is idle, and closes what is lent when it comes back.
    public func shutdown() async {
        let (idle, waiters) = lending.withLock { $0.close() }
        for waiter in waiters { waiter.resume(returning: .refused(.closed)) }
        for session in idle { await session.close() }
    }
}
