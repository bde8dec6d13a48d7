import Synchronization
import TestSupport
import Testing

@testable import Postgres

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct PoolTests {
    struct Unhappy: Error {}

    private let configuration = FreshDatabase.current.configuration

    @Test("no more sessions than the size exist, however many ask")
    func size() async throws {
        let pool = Pool(configuration, size: 3)
        try await withThrowingTaskGroup { group in
            for number in 0..<60 {
                group.addTask {
                    let row = try #require(try await pool.rows("SELECT \(number) AS n").first)
                    #expect(try row.decode("n") == number)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await sessions() <= 3)
        await pool.shutdown()
    }

    @Test("a session lent once is lent again, not opened anew")
    func reuse() async throws {
        let pool = Pool(configuration, size: 5)
        let first = try await backend(pool)
        for _ in 1...5 { #expect(try await backend(pool) == first) }
    }

    @Test("who waits too long is told so")
    func waitLimit() async throws {
        let pool = Pool(configuration, size: 1, waitLimit: .milliseconds(20))
        try await pool.withSession { _ in
            let error = await #expect(throws: PostgresError.self) { try await pool.rows("SELECT 1") }
            #expect(error?.kind == .tooManyConnections)
        }
        #expect(try await pool.rows("SELECT 1").count == 1)
    }

    @Test("one too many in the line is refused at once")
    func crowded() async throws {
        let pool = Pool(configuration, size: 1, waiters: 0)
        try await pool.withSession { _ in
            let error = await #expect(throws: PostgresError.self) { try await pool.rows("SELECT 1") }
            #expect(error?.kind == .tooManyConnections)
        }
    }

    @Test("a cancelled waiter leaves the line")
    func cancelledWaiter() async throws {
        let pool = Pool(configuration, size: 1)
        try await pool.withSession { _ in
            let waiter = Task { try await pool.rows("SELECT 1") }
            while pool.lending.withLock(\.waiting) == 0 { await Task.yield() }
            waiter.cancel()
            let error = await #expect(throws: PostgresError.self) { try await waiter.value }
            #expect(error?.kind == .cancelled)
            #expect(pool.lending.withLock(\.waiting) == 0)
        }
        #expect(try await pool.rows("SELECT 1").count == 1)
    }

    @Test("cancelling a task stops its statement on the server")
    func cancelledStatement() async throws {
        let pool = Pool(configuration, size: 1)
        let sleeper = Task { try await pool.rows("SELECT pg_sleep(50)") }
        let sleepers: Statement = """
            SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()
            """
        while try await count(sleepers) == 0 {}
        sleeper.cancel()
        let error = await #expect(throws: PostgresError.self) { try await sleeper.value }
        #expect(error?.kind == .cancelled)
        #expect(try await pool.rows("SELECT 1").count == 1)
    }

    @Test("a body that throws gives its session back")
    func throwing() async throws {
        let pool = Pool(configuration, size: 1, waitLimit: .seconds(1))
        for _ in 1...3 {
            await #expect(throws: Unhappy.self) { try await pool.withSession { _ in throw Unhappy() } }
        }
        #expect(try await pool.rows("SELECT 1").count == 1)
        #expect(pool.lending.withLock(\.places) == 1)
    }

    @Test("a session given back in mid-transaction is rolled back for the next")
    func unsettled() async throws {
        let pool = Pool(configuration, size: 1)
        let first = try await backend(pool)
        try await pool.withSession { try await $0.script(unchecked: "BEGIN; CREATE TABLE leftover (n int)") }
        try await pool.withSession { session in
            await #expect(throws: PostgresError.self) { try await session.script(unchecked: "BEGIN; SELEC") }
        }
        let rows = try await pool.rows("SELECT to_regclass('leftover') IS NULL AS gone, pg_backend_pid() AS pid")
        let row = try #require(rows.first)
        #expect(try row.decode("gone") == true)
        #expect(try row.decode("pid") == first)
    }

    @Test("a backend killed while idle is replaced before anybody notices")
    func killedIdle() async throws {
        let pool = Pool(configuration, size: 1)
        let first = try await backend(pool)
        let gone = try await FreshDatabase.current.pool.rows("SELECT pg_terminate_backend(\(first), 10000) AS gone")
        #expect(try gone.first?.decode("gone") == true)
        #expect(try await backend(pool) != first)
        #expect(pool.lending.withLock(\.places) == 1)
    }

    @Test("a backend killed in use fails its statement, and the next use gets a fresh session")
    func killedBusy() async throws {
        let pool = Pool(configuration, size: 1)
        let first = try await backend(pool)
        let error = await #expect(throws: PostgresError.self) {
            try await pool.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        }
        #expect(error?.isRetryable == true)
        #expect(try await backend(pool) != first)
    }

    @Test("a pool shut down refuses, and closes what is still lent when it comes back")
    func shutdown() async throws {
        let pool = Pool(configuration, size: 2)
        try await pool.withSession { session in
            _ = try await pool.rows("SELECT 1")
            await pool.shutdown()
            #expect(try await session.rows("SELECT 1").count == 1)
        }
        let error = await #expect(throws: PostgresError.self) { try await pool.rows("SELECT 1") }
        #expect(error?.kind == .usage)
        #expect(pool.lending.withLock(\.places) == 0)
    }

    @Test("an unreachable server takes no place in the pool")
    func unreachable() async throws {
        let pool = Pool(Configuration(conninfo: "host=/nonexistent"), size: 1, waitLimit: .milliseconds(500))
        for _ in 1...3 {
            let error = await #expect(throws: PostgresError.self) { try await pool.rows("SELECT 1") }
            #expect(error?.kind == .connection)
        }
        await #expect(throws: PostgresError.self) { try await pool.transaction(attempts: 2) { _ in } }
    }

    private func backend(_ pool: Pool) async throws -> Int32 {
        try #require(try await pool.rows("SELECT pg_backend_pid()").first).decode(0)
    }

    private func count(_ statement: Statement) async throws -> Int {
        try #require(try await FreshDatabase.current.pool.rows(statement).first).decode(0)
    }

    /// The sessions with this database, but for the one that counts them.
    private func sessions() async throws -> Int {
        try await count(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    }
}
