public import Logging
public import Postgres
public import ServiceLifecycle

/// Claims jobs and runs their handlers, at most `concurrency` at a time.
///
/// A graceful stop claims no more, lets handlers finish for `drainLimit`, cancels the rest and hands their jobs back:
/// available at once, no attempt charged. Failing statements are logged, counted and tried again at the poll
/// interval; a worker outlives its database.
public struct Worker: Service {
    private var plan: Plan

    /// What a worker is told once.
    struct Plan: Sendable {
        let pool: Pool
        let listenerConfiguration: Configuration?
        let bell: Bell?
        let claimant: Claimant
        let concurrency: Int
        let handlers: HandlerTable
        let pollInterval: Duration
        let drainLimit: Duration
        let retention: Retention
        let clock: any Clock<Duration>
        let logger: Logger
        var observer: @Sendable (WorkerEvent) -> Void
    }

    /// - Parameters:
    ///   - name: Who holds a lease, for people who look; fencing does not depend on it.
    ///   - pool: Up to six sessions are used besides what handlers take from it. Heartbeats wait their turn with all
    ///     others, so give a worker a pool of its own where handlers keep sessions for long.
    ///   - listenerConfiguration: A direct way to the server (LISTEN does not work through a transaction pooler), or
    ///     `nil` to live by polling and the bell alone.
    ///   - bell: The bell of this process, which then wakes this worker without a detour over the server.
    ///   - leaseDuration: How soon a lost worker's jobs run elsewhere. Heartbeats are sent three times in it.
    ///   - clock: Only wakes; every stored time is the database's.
    public init(
        name: String,
        pool: Pool,
        listenerConfiguration: Configuration? = nil,
        bell: Bell? = nil,
        queues: [String] = ["default"],
        concurrency: Int = 20,
        handlers: [any JobHandler],
        pollInterval: Duration = .milliseconds(500),
        leaseDuration: Duration = .seconds(15),
        drainLimit: Duration = .seconds(20),
        retention: Retention = Retention(),
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger = Logger(label: "JobQueue")
    ) {
        precondition(leaseDuration > .zero && pollInterval > .zero, "a worker's intervals are above zero")
        let table = HandlerTable(handlers)
        var logger = logger
        logger[metadataKey: "worker"] = "\(name)"
        plan = Plan(
            pool: pool,
            listenerConfiguration: listenerConfiguration,
            bell: bell,
            claimant: Claimant(name: name, queues: queues, kinds: table.kinds, leaseDuration: leaseDuration),
            concurrency: concurrency,
            handlers: table,
            pollInterval: pollInterval,
            drainLimit: drainLimit,
            retention: retention,
            clock: clock,
            logger: logger,
            observer: { _ in }
        )
    }

    /// The same worker, telling `observer` of every event once its statement has been answered.
    package func observed(by observer: @escaping @Sendable (WorkerEvent) -> Void) -> Worker {
        var worker = self
        worker.plan.observer = observer
        return worker
    }

    /// Works until a graceful stop or cancellation. Returns once every handler has returned.
    public func run() async throws {
        await Shift(plan).work()
    }

    /// Works while `body` runs, then stops gracefully, and returns what `body` returned: for programs that live no longer
    /// than their jobs. Where `body` throws, it stops in the same way.
    public func run<Value: Sendable>(while body: @Sendable () async throws -> Value) async throws -> Value {
        let shift = Shift(plan)
        async let working: Void = shift.work()
        let result: Result<Value, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        shift.stopClaiming()
        await working
        return try result.get()
    }
}
