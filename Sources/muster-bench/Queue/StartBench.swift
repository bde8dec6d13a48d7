import JobQueue
import Postgres

/// How soon a job starts that is enqueued into an idle queue, from its acknowledged commit to its handler's first line.
///
/// The worker is another process, so that each start is a ring of the bell here, NOTIFY, LISTEN there, and a claim.
struct StartBench {
    let arena: BenchArena
    var samples = 300

    private static let warmUps = 20
    private static let startLimit = Duration.seconds(5)

    func results() async throws -> [BenchResult] {
        let times = try await arena.withDatabase { database in
            let options = ["--concurrency", "10", "--eager"]
            return try await withProcesses([try WorkerProcess("queue-worker", in: database, options)]) { processes in
                try await database.waitForListener()
                let bell = Bell(pool: Pool(database.configuration, size: 1))
                let ringing = Task { try await bell.run() }
                defer { ringing.cancel() }
                return try await database.withSession { session in
                    try await measure(processes[0], bell, session)
                }
            }
        }
        let (p50, p99) = (percentile(times, 0.5), percentile(times, 0.99))
        return [
            BenchResult(key: "queue.start_p50_ms", value: p50, unit: "ms", goal: 8, holds: p50 < 8),
            BenchResult(key: "queue.start_p99_ms", value: p99, unit: "ms", goal: 40, holds: p99 < 40),
        ]
    }

    /// Milliseconds of each start.
    private func measure(_ process: WorkerProcess, _ bell: Bell, _ session: Session) async throws -> [Double] {
        var random = SystemRandomNumberGenerator()
        var times: [Double] = []
        for number in 1...(Self.warmUps + samples) {
            // Idle for a while that no timer of the queue keeps step with.
            try await Task.sleep(for: .milliseconds(Int.random(in: 20...60, using: &random)))
            let job = try NoOpHandler.job(number)
            try await JobQueue.enqueue([job], in: session)
            let acknowledged = MonotonicClock.nanoseconds
            bell.ring("default")
            var started: Int64?
            try await wait(for: "job \(number) starts", atMost: Self.startLimit, every: .milliseconds(1)) {
                started = try await process.samples().last { $0.count == number }?.nanoseconds
                return started != nil
            }
            guard let started, number > Self.warmUps else { continue }
            times.append(Double(max(0, started - acknowledged)) / 1_000_000)
        }
        return times
    }
}

extension ArenaDatabase {
    /// Waits until a worker process has its LISTEN in place.
    func waitForListener() async throws {
        try await withSession { session in
            try await wait(for: "a worker listens", atMost: .seconds(10), every: .milliseconds(20)) {
                let rows = try await session.rows(
                    """
                    SELECT EXISTS (SELECT FROM pg_stat_activity
                                    WHERE datname = current_database() AND query LIKE 'LISTEN %')
                    """
                )
                return try rows.first?.decode(0) == true
            }
        }
    }
}
