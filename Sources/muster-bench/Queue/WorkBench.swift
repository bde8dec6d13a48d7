import JobQueue
import Postgres

/// How fast worker processes get through a full queue: ours, the floor, and PgQueuer, in turns on equal databases.
///
/// Every contestant's queue holds the same jobs, which do nothing, and keeps them when they are done: ours in its
/// history, the floor as a state of the row, PgQueuer in its log. See `RawQueue` for what the floor does, and
/// `Scripts/lib/pgqueuer_worker.py` for PgQueuer's settings.
struct WorkBench {
    let arena: BenchArena
    var concurrency: Int
    var rounds = 9
    var jobs = 200_000

    func results() async throws -> [BenchResult] {
        let rival = PgQueuer()
        if rival == nil { BenchReport.note("MUSTER_PGQUEUER is not set: PgQueuer is left out") }
        try await prepare(rival)
        var two = Duel("queue.work_ratio")
        var one = Duel("queue.work1_ratio")
        var rivalry = Duel("queue.work_vs_pgqueuer")
        for round in 1...rounds {
            try await two.add(ours: { try await ours(2) }, floor: { try await raw(2) })
            if let rival {
                try await rivalry.add(ours: { try await ours(2) }, floor: { try await self.rival(rival) })
            }
            // Known for context, so that a few are enough.
            if round.isMultiple(of: 3) {
                try await one.add(ours: { try await ours(1) }, floor: { try await raw(1) })
            }
        }
        for template in ["ours", "raw", "rival"] { try await arena.drop(template: template) }
        let results = [two.result(atLeast: 0.8), one.result()]
        return rival == nil ? results : results + [rivalry.result(atLeast: 4)]
    }

    private func prepare(_ rival: PgQueuer?) async throws {
        try await arena.template("ours") { database in
            try await database.withSession { session in
                for start in stride(from: 0, to: jobs, by: 10_000) {
                    let batch = try (start..<min(start + 10_000, jobs)).map { try NoOpHandler.job($0) }
                    try await JobQueue.enqueue(batch, in: session)
                }
            }
        }
        try await arena.template("raw") { database in
            try await database.withSession { session in try await RawQueue.fill(jobs, in: session) }
        }
        guard let rival else { return }
        try await arena.template("rival") { database in try await rival.fill(jobs, in: database) }
    }

    private func ours(_ processes: Int) async throws -> Double {
        try await rate(on: "ours") { database in
            try (0..<processes).map { _ in
                try WorkerProcess("queue-worker", in: database, ["--concurrency", "\(concurrency)"])
            }
        }
    }

    private func raw(_ processes: Int) async throws -> Double {
        try await rate(on: "raw") { database in
            try (0..<processes).map { _ in try WorkerProcess("queue-raw-worker", in: database) }
        }
    }

    private func rival(_ rival: PgQueuer) async throws -> Double {
        try await rate(on: "rival") { database in try rival.start(2, in: database) }
    }

    private func rate(on template: String, _ start: (ArenaDatabase) throws -> [WorkerProcess]) async throws -> Double {
        try await arena.withDatabase(from: template) { database in
            try await Progress.rate(of: try start(database), jobs: jobs)
        }
    }
}
