import JobQueue
import Postgres

/// How fast eight writers enqueue one job at a time, the bell rung after each, against bare single-row inserts.
///
/// A worker in another process listens to the bell; its queue is another one, so that it only hears. The floor is
/// eight sessions inserting one row a commit into a table of the same columns and indexes (see `TwinTable`), without
/// NOTIFY.
struct SingleBench {
    let arena: BenchArena
    var rounds = 9
    var writers = 8

    private static let window = Duration.seconds(2)

    func results() async throws -> [BenchResult] {
        var duel = Duel("queue.single_ratio")
        for _ in 1...rounds {
            try await duel.add {
                try await arena.withDatabase { try await ourRate($0) }
            } floor: {
                try await arena.withDatabase { try await rawRate($0) }
            }
        }
        return [duel.result(atLeast: 0.85)]
    }

    private func ourRate(_ database: ArenaDatabase) async throws -> Double {
        let options = ["--concurrency", "10", "--queue", "elsewhere"]
        return try await withProcesses([try WorkerProcess("queue-worker", in: database, options)]) { _ in
            try await database.waitForListener()
            let bell = Bell(pool: Pool(database.configuration, size: 1))
            let ringing = Task { try await bell.run() }
            defer { ringing.cancel() }
            return try await rate(database) { session, number in
                try await JobQueue.enqueue([try NoOpHandler.job(number)], in: session)
                bell.ring("default")
            }
        }
    }

    private func rawRate(_ database: ArenaDatabase) async throws -> Double {
        try await database.withSession { session in try await TwinTable.create(in: session) }
        return try await rate(database) { session, number in
            try await session.execute(
                """
                INSERT INTO raw.twin (queue, kind, payload, state)
                VALUES ('default', 'bench.nothing', \("{\"number\":\(number)}")::jsonb, 'available')
                """
            )
        }
    }

    /// Commits a second of all writers together.
    private func rate(
        _ database: ArenaDatabase,
        _ write: @escaping @Sendable (Session, Int) async throws -> Void
    ) async throws -> Double {
        try await withThrowingTaskGroup(of: Double.self) { group in
            for _ in 0..<writers {
                group.addTask {
                    try await database.withSession { session in
                        // Connected and prepared before the clock starts.
                        for number in 0..<10 { try await write(session, number) }
                        let began = ContinuousClock.now
                        var count = 0
                        while .now - began < Self.window {
                            try await write(session, count)
                            count += 1
                        }
                        return Double(count) / (.now - began).inSeconds
                    }
                }
            }
            return try await group.reduce(0, +)
        }
    }
}
