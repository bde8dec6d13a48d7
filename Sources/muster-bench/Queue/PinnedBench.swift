import JobQueue
import Postgres

/// What becomes of a queue that works at full rate while somebody's long transaction keeps its dead rows from being
/// cleared away: the rate of two worker processes at the end of that time, against their own rate before.
///
/// This process feeds them, so that there is always work: steady state, in which rows come and go. Both rates are over twenty
/// seconds, in which the queue may not run dry, because then it would be the feed that is measured.
struct PinnedBench {
    let arena: BenchArena
    var concurrency: Int
    /// How long the snapshot is held.
    var held: Duration
    /// Whose jobs take turns; none are anybody's where that is 0.
    var tenantCount = 0

    private static let warmUp = Duration.seconds(10)
    private static let window: Int64 = 20_000_000_000

    func results() async throws -> [BenchResult] {
        try await arena.withDatabase { database in
            let workers = try (0..<2).map { _ in
                try WorkerProcess("queue-worker", in: database, ["--concurrency", "\(concurrency)"])
            }
            return try await withProcesses(workers) { processes in
                try await database.withSession { session in
                    var feed = Feed(progress: Progress(processes), session: session, tenantCount: tenantCount)
                    return try await compare(&feed, database)
                }
            }
        }
    }

    private func compare(_ feed: inout Feed, _ database: ArenaDatabase) async throws -> [BenchResult] {
        try await feed.run(for: Self.warmUp)
        try await feed.run(for: .nanoseconds(Self.window))
        let before = try feed.rate(over: Self.window)
        let after = try await database.withSession { pin in
            try await pin.script(unchecked: "BEGIN ISOLATION LEVEL REPEATABLE READ")
            _ = try await pin.rows("SELECT count(*) FROM queue.job")
            let parts = 10
            for part in 1...parts {
                try await feed.run(for: held / parts)
                let rate = Int(try feed.rate(over: Self.window / 4))
                BenchReport.note("pinned for \(held / parts * part): \(rate) jobs/s")
            }
            return try feed.rate(over: Self.window)
        }
        // The floor of a lane in which tenants take turns lags: some of what was just claimed is read again.
        return tenantCount == 0
            ? [BenchResult(ratio: "queue.pinned_ratio", of: after, to: before, atLeast: 0.8)]
            : [BenchResult(ratio: "queue.pinned_tenants_ratio", of: after, to: before, atLeast: 0.6)]
    }
}

/// Keeps a queue from running dry.
private struct Feed {
    var progress: Progress
    let session: Session
    let tenantCount: Int
    private var enqueued = 0
    /// The fewest jobs that were not done at a time of the last run.
    private var fewest = Int.max

    /// More than the workers hold at a time.
    private static let depth = 100_000
    private static let batch = 10_000

    init(progress: Progress, session: Session, tenantCount: Int) {
        (self.progress, self.session, self.tenantCount) = (progress, session, tenantCount)
    }

    mutating func run(for duration: Duration) async throws {
        let end = ContinuousClock.now + duration
        fewest = .max
        while .now < end {
            try await progress.read()
            fewest = min(fewest, enqueued - progress.total)
            if enqueued - progress.total < Self.depth {
                try await enqueue()
            } else {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        try await progress.read()
    }

    /// By the server alone, which is quicker than the workers; enqueueing is not what is measured.
    private mutating func enqueue() async throws {
        try await session.execute(
            """
            INSERT INTO queue.job (kind, payload, state, tenant, turn_at)
            SELECT \(NoOpHandler.kind), jsonb_build_object('number', number), 'available',
                   'tenant ' || number % nullif(\(tenantCount)::bigint, 0),
                   queue.now() + (number - \(enqueued)::bigint) * interval '1 microsecond'
              FROM generate_series(\(enqueued)::bigint, \(enqueued + Self.batch - 1)::bigint) AS number
            """
        )
        enqueued += Self.batch
    }

    /// Jobs a second of the last `window` nanoseconds.
    func rate(over window: Int64) throws -> Double {
        guard fewest > Self.batch else { throw BenchFailure("the queue ran dry: no more than \(fewest) jobs waited") }
        return progress.rate(from: progress.frontier - window, to: progress.frontier)
    }
}
