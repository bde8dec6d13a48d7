public import Logging
import Metrics
public import Postgres
public import ServiceLifecycle

/// Looks at the queue from outside, every few seconds, and tells metrics and log what it sees.
///
/// It changes nothing and nothing depends on it. What it asks is bounded however deep the queues are, so each process
/// may have one. See `JobQueue.md` for the gauges.
public struct Watchdog: Service {
    private let pool: Pool
    private let interval: Duration
    private let snapshotLimit: Duration
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// - Parameters:
    ///   - pool: One session is used, for a moment.
    ///   - snapshotLimit: How long one may keep dead rows from being removed before the log says who it is.
    ///   - clock: Only wakes; every time that is reported is the database's.
    public init(
        pool: Pool,
        interval: Duration = .seconds(15),
        snapshotLimit: Duration = .seconds(60),
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger = Logger(label: "JobQueue.Watchdog")
    ) {
        precondition(interval > .zero, "a watchdog's interval is above zero")
        self.pool = pool
        self.interval = interval
        self.snapshotLimit = snapshotLimit
        self.clock = clock
        self.logger = logger
    }

    /// Watches until a graceful stop or cancellation, and outlives its database.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var known: Set<Reading.Name> = []
            while !Task.isCancelled {
                await self.report(&known)
                // Ends early only by cancellation.
                _ = try? await self.clock.sleep(for: self.interval)
            }
        }
    }

    /// One look. `known` are the gauges that were set by the last one.
    private func report(_ known: inout Set<Reading.Name>) async {
        do {
            let readings = try await look()
            for reading in readings.zeroing(known) { reading.record() }
            known = Set(readings.map(\.name))
        } catch {
            if Task.isCancelled { return }
            logger.warning("The job queue cannot be watched", metadata: ["error": "\(error)"])
            Counter(label: "jobqueue_statement_failed_total", dimensions: [("statement", "watch")]).increment()
        }
    }

    /// Reads everything, and logs who holds an old snapshot.
    func look() async throws -> [Reading] {
        let (depths, holder) = try await pool.transaction { session in
            // To compile the statement takes longer than to run it.
            try session.execute("SET LOCAL jit = off")
            return (try JobQueue.boundedDepths(in: session), try JobQueue.oldestSnapshot(in: session))
        }
        if let holder, holder.isOlder(than: snapshotLimit) {
            logger.warning(
                "An old snapshot keeps dead rows of the queue from being removed", metadata: holder.metadata
            )
        }
        return (holder.map(Reading.of) ?? []) + depths.flatMap(Reading.of)
    }
}
