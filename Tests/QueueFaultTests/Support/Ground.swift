import FoundationEssentials
import JobQueue
import Postgres
import TestSupport
import Testing
import queue_worker

/// A database with the queue and the table of effects in it, and what tests do and ask there.
struct Ground: Sendable {
    private(set) var pool: Pool
    /// How workers connect.
    let conninfo: String

    /// The running test's own database, of its trait `.emptyDatabase`.
    init() async throws {
        let configuration = FreshDatabase.current.configuration
        try await self.init(
            pool: FreshDatabase.current.pool,
            conninfo: configuration.conninfo + (configuration.database.map { " dbname=\($0)" } ?? "")
        )
    }

    /// The database of a server that the test has for itself.
    init(on server: PostgresServer) async throws {
        try await self.init(
            pool: Pool(server.configuration(), size: 8), conninfo: server.conninfo + " dbname=postgres"
        )
    }

    private init(pool: Pool, conninfo: String) async throws {
        self.pool = pool
        self.conninfo = conninfo
        try await Self.migrate(pool)
        // Nothing keeps a job from leaving two rows: that is what the tests look for.
        try await pool.execute("CREATE TABLE effect (job_id bigint NOT NULL, lease_epoch bigint NOT NULL)")
    }

    /// The same database, reached by another way.
    func through(_ pool: Pool) -> Ground {
        var ground = self
        ground.pool = pool
        return ground
    }

    /// The queue's own migrations: the library stands alone.
    private static func migrate(_ pool: Pool) async throws {
        let folder = #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 } + "/Migrations"
        for file in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() where file.contains("_queue") {
            let bytes = try Data(contentsOf: URL(filePath: folder + "/" + file))
            try await pool.withSession { try await $0.script(unchecked: String(decoding: bytes, as: UTF8.self)) }
        }
    }

    /// Stores jobs in one transaction; returned means acknowledged.
    func enqueue(
        _ count: Int = 1, failures: Int = 0, filling: String = "", priority: Int = 0, after delay: Duration? = nil
    ) async throws -> [Int64] {
        let payload = EffectHandler.Payload(failures: failures, filling: filling)
        return try await pool.transaction { session in
            // The database's clock, not this process's.
            let runAt = try delay.map { delay in
                try session.rows("SELECT queue.now() + \(delay.inSeconds)::float8 * interval '1 second' AS at")
                    .first?.decode("at", as: Instant.self)
            }
            let job = try Job(EffectHandler.self, payload, priority: priority, runAt: runAt ?? nil)
            return try JobQueue.enqueue(Array(repeating: job, count: count), in: session)
        }
    }

    /// Stores a job together with those of others.
    func enqueue(through enqueuer: Enqueuer) async throws -> Int64 {
        let job = try Job(EffectHandler.self, EffectHandler.Payload())
        return try #require(try await enqueuer.enqueue(job))
    }

    /// Stores a job that runs when all of `jobIDs` have ended, in whatever way: its end is the signal that they have.
    func enqueueLast(after jobIDs: [Int64]) async throws -> Int64 {
        let job = try Job(EffectHandler.self, EffectHandler.Payload())
        let last = try await pool.transaction { session in
            // A job waits for at most a thousand others.
            let markers = try stride(from: 0, to: jobIDs.count, by: 500).flatMap { start in
                let some = Array(jobIDs[start..<min(start + 500, jobIDs.count)])
                return try JobQueue.enqueue([job.after(some, when: .ended)], in: session)
            }
            return try JobQueue.enqueue([job.after(markers, when: .ended)], in: session)
        }
        return try #require(last.first)
    }

    /// What has not ended yet.
    func unfinished() async throws -> [Int64] {
        try await pool.rows("SELECT job_id FROM queue.job ORDER BY job_id").map { try $0.decode("job_id") }
    }

    func count(_ statement: Statement) async throws -> Int {
        try await pool.rows(statement).first?.decode(0, as: Int.self) ?? 0
    }

    func seconds(_ statement: Statement) async throws -> Double? {
        try await pool.rows(statement).first?.decode(0, as: Double?.self)
    }
}
