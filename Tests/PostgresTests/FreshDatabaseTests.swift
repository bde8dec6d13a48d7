import Postgres
import TestSupport
import Testing

@Suite(.freshDatabase, .timeLimit(.minutes(5)))
struct FreshDatabaseTests {
    @Test("each test, and each argument of it, finds a migrated database nobody has written to", arguments: 1...3)
    func clone(number: Int) async throws {
        let pool = FreshDatabase.current.pool
        let applied = try #require(
            try await pool.rows("SELECT to_regclass('public.muster_migration') IS NOT NULL AS migrated").first
        )
        #expect(try applied.decode("migrated") == true)
        try await pool.execute("CREATE TABLE mine AS SELECT \(number) AS number")
    }
}
