import JobQueue
import Postgres

/// What becomes of a queue that works at full rate while somebody's long transaction keeps its dead rows from being
/// cleared away: the rate of two worker processes at the end of that time, against their own rate before.
///
/// This process feeds them, so that there is always work and never much: steady state, in which rows come and go. Both
/// rates are over twenty seconds.
struct PinnedBench {
    let arena: BenchArena
    var concurrency: Int
    /// How long the snapshot is held.
    var held: Duration

    private static let warmUp = Duration.seconds(10)
    private static let window: Int64 = 20_000_000_000
    /// Jobs that wait, between one and two batches.
    private static let batch = 5_000

    func results() async throws -> [BenchResult] {
        try await arena.withDatabase { database in
            let workers = try (0..<2).map { _ in
                try WorkerProcess("queue-worker", in: database, ["--concurrency", "\(concurrency)"])
            }
            return try await withProcesses(workers) { processes in
                try await database.withSession { session in
                    var feed = Feed(progress: Progress(processes), session: session, batch: Self.batch)
                    return try await compare(&feed, database)
                }
            }
        }
    }

    private func compare(_ feed: inout Feed, _ database: ArenaDatabase) async throws -> [BenchResult] {
        try await feed.run(for: Self.warmUp)
        try await feed.run(for: .nanoseconds(Self.window))
        let before = feed.rate(over: Self.window)
        let after = try await database.withSession { pin in
            try await pin.script(unchecked: "BEGIN ISOLATION LEVEL REPEATABLE READ")
            _ = try await pin.rows("SELECT count(*) FROM queue.job")
            let parts = 10
            for part in 1...parts {
                try await feed.run(for: held / parts)
                BenchReport.note("pinned for \(held / parts * part): \(Int(feed.rate(over: Self.window / 4))) jobs/s")
            }
            return feed.rate(over: Self.window)
        }
        return [BenchResult(ratio: "queue.pinned_ratio", of: after, to: before, atLeast: 0.8)]
    }
}

/// Keeps a queue from running dry.
private struct Feed {
    var progress: Progress
    let session: Session
    let batch: Int
    private var enqueued = 0

    init(progress: Progress, session: Session, batch: Int) {
        (self.progress, self.session, self.batch) = (progress, session, batch)
    }

    mutating func run(for duration: Duration) async throws {
        let end = ContinuousClock.now + duration
        while .now < end {
            try await progress.read()
            if enqueued - progress.total < batch {
                let jobs = try (enqueued..<enqueued + batch).map { try NoOpHandler.job($0) }
                try await JobQueue.enqueue(jobs, in: session)
                enqueued += batch
            } else {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        try await progress.read()
    }

    /// Jobs a second of the last `window` nanoseconds.
    func rate(over window: Int64) -> Double {
        progress.rate(from: progress.frontier - window, to: progress.frontier)
    }
}
