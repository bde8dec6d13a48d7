import JobQueue
import Postgres

/// How fast 100,000 jobs are enqueued in one transaction, against COPY of the very same rows.
///
/// Both have their values in memory when the clock starts, and both commit before it stops. The floor is one COPY into
/// a table of the same columns and indexes; see `TwinTable`.
struct BulkBench {
    let arena: BenchArena
    var rounds = 9
    var jobs = 100_000

    func results() async throws -> [BenchResult] {
        let batch = try (0..<jobs).map { try NoOpHandler.job($0) }
        let copy = try await arena.withDatabase { database in
            try await database.withSession { session in
                try await JobQueue.enqueue(batch, in: session)
                return try await TwinTable.rows(of: session)
            }
        }
        var duel = Duel("queue.bulk_ratio")
        for _ in 1...rounds {
            try await duel.add {
                try await rate { session in try JobQueue.enqueue(batch, in: session) }
            } floor: {
                try await rate { session in
                    try session.copyIn(TwinTable.name, columns: copy.columns, rows: copy.rows)
                }
            }
        }
        return [duel.result(atLeast: 0.7)]
    }

    /// Jobs a second of `body`, which stores all of them, in a fresh database.
    private func rate(_ body: @escaping @Sendable (isolated Session) throws -> Void) async throws -> Double {
        try await arena.withDatabase { database in
            try await database.withSession { session in
                try await TwinTable.create(in: session)
                let began = ContinuousClock.now
                try await session.transaction(body)
                return Double(jobs) / (.now - began).inSeconds
            }
        }
    }
}
