import Glibc
import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5)))
struct PostgresServerTests {
    @Test("a server that is killed comes back with all that was committed, and the pool with it")
    func crash() async throws {
        let server = try await PostgresServer.start()
        let pool = Pool(server.configuration(), size: 2)
        try await pool.execute("CREATE TABLE kept (n int)")
        try await pool.execute("INSERT INTO kept VALUES (1)")
        try await server.crash()
        await #expect(throws: PostgresError.self) { try await pool.execute("INSERT INTO kept VALUES (2)") }
        try await server.start()
        #expect(try await pool.rows("SELECT n FROM kept").count == 1)
        await pool.shutdown()
    }

    @Test("a server nobody holds any more stops, and its folder goes")
    func cleanUp() async throws {
        var server: PostgresServer? = try await PostgresServer.start()
        let folder = try #require(server?.folder)
        #expect(access(folder, F_OK) == 0)
        server = nil
        while access(folder, F_OK) == 0 { await Task.yield() }
    }
}
