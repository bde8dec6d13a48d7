import JobQueue
import Postgres

/// How fast eight writers enqueue one job at a time, wake-ups on, against bare single-row inserts, each its own commit.
///
/// - `queue.single_ratio`: eight tasks of one process that share an `Enqueuer`, each waiting for its job's commit before the
///   next. What comes together shares commits; the floor's rows do not.
/// - `queue.single_in_transaction_ratio`: each writer has a session and a commit of its own, as who writes other data in the
///   same transaction, and rings the bell after it.
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
        [
            try await duel("queue.single_ratio", sharedRate).result(atLeast: 0.85),
            try await duel("queue.single_in_transaction_ratio", ownRate).result(atLeast: 0.6),
        ]
    }

    private func duel(_ key: String, _ ours: (ArenaDatabase, Bell) async throws -> Double) async throws -> Duel {
        var duel = Duel(key)
        for _ in 1...rounds {
            try await duel.add {
                try await arena.withDatabase { database in
                    try await withBell(in: database) { bell in try await ours(database, bell) }
                }
            } floor: {
                try await arena.withDatabase { try await rawRate($0) }
            }
        }
        return duel
    }

    /// Lends a bell that somebody in another process hears.
    private func withBell(
        in database: ArenaDatabase, _ body: (Bell) async throws -> Double
    ) async throws -> Double {
        let options = ["--concurrency", "10", "--queue", "elsewhere"]
        return try await withProcesses([try WorkerProcess("queue-worker", in: database, options)]) { _ in
            try await database.waitForListener()
            let bell = Bell(pool: Pool(database.configuration, size: 1))
            let ringing = Task { try await bell.run() }
            defer { ringing.cancel() }
            return try await body(bell)
        }
    }

    private func sharedRate(_ database: ArenaDatabase, _ bell: Bell) async throws -> Double {
        let pool = Pool(database.configuration, size: 2)
        let enqueuer = Enqueuer(pool: pool, bell: bell)
        let rate = try await together {
            try await Self.rate { number in try await enqueuer.enqueue(try NoOpHandler.job(number)) }
        }
        await pool.shutdown()
        return rate
    }

    private func ownRate(_ database: ArenaDatabase, _ bell: Bell) async throws -> Double {
        try await together {
            try await database.withSession { session in
                try await Self.rate { number in
                    try await JobQueue.enqueue([try NoOpHandler.job(number)], in: session)
                    bell.ring("default")
                }
            }
        }
    }

    private func rawRate(_ database: ArenaDatabase) async throws -> Double {
        try await database.withSession { session in try await TwinTable.create(in: session) }
        return try await together {
            try await database.withSession { session in
                try await Self.rate { number in
                    try await session.execute(
                        """
                        INSERT INTO raw.twin (queue, kind, payload, state)
                        VALUES ('default', 'bench.nothing', \("{\"number\":\(number)}")::jsonb, 'available')
                        """
                    )
                }
            }
        }
    }

    /// The rates of all writers together.
    private func together(_ rate: @escaping @Sendable () async throws -> Double) async throws -> Double {
        try await withThrowingTaskGroup(of: Double.self) { group in
            for _ in 0..<writers { group.addTask(operation: rate) }
            return try await group.reduce(0, +)
        }
    }

    /// Writes a second of one writer.
    private static func rate(of write: (Int) async throws -> Void) async throws -> Double {
        // Connected and prepared before the clock starts.
        for number in 0..<10 { try await write(number) }
        let began = ContinuousClock.now
        var count = 0
        while .now - began < Self.window {
            try await write(count)
            count += 1
        }
        return Double(count) / (.now - began).inSeconds
    }
}
