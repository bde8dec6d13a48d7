import JobQueue

/// How busy many workers with a few slots each are kept on one queue, of which only one claims at a time: the jobs that begin a
/// second against what all slots together could begin, if a job took nothing but its pause.
struct SmallWorkersBench {
    let arena: BenchArena
    var workers = 16
    var slots = 10
    var pauseMilliseconds = 50
    var jobs = 100_000

    func results() async throws -> [BenchResult] {
        let rate = try await arena.withDatabase { database in
            try await database.withSession { session in
                for start in stride(from: 0, to: jobs, by: 10_000) {
                    let batch = try (start..<start + 10_000).map { try NoOpHandler.job($0) }
                    try await JobQueue.enqueue(batch, in: session)
                }
            }
            let options = ["--concurrency", "\(slots)", "--pause-milliseconds", "\(pauseMilliseconds)"]
            let processes = try (0..<workers).map { _ in try WorkerProcess("queue-worker", in: database, options) }
            return try await Progress.rate(of: processes, jobs: jobs)
        }
        let ideal = Double(workers * slots) * 1_000 / Double(pauseMilliseconds)
        let (share, goal) = (rate / ideal, 0.7)
        let key = "queue.small_workers_share"
        return [
            BenchResult(key: key, value: share, unit: "1", goal: goal, holds: share >= goal, ours: rate, floor: ideal)
        ]
    }
}
