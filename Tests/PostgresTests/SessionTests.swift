import Glibc
import TestSupport
import Testing

@testable import Postgres

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct SessionTests {
    @Test("a value reaches the server as a value, whatever it looks like")
    func injection() async throws {
        let pool = FreshDatabase.current.pool
        let evil = "x'); DROP TABLE kept; --"
        try await pool.execute("CREATE TABLE kept (name text)")
        try await pool.execute("INSERT INTO kept (name) VALUES (\(evil))")
        let row = try #require(try await pool.rows("SELECT name FROM kept WHERE name = \(evil)").first)
        #expect(try row.decode("name") == evil)
    }

    @Test("each kind of refusal is told apart")
    func kinds() async throws {
        let session = try await Session.connect(FreshDatabase.current.configuration)
        try await session.script(
            unchecked: """
                CREATE TABLE parent (
                    id   int PRIMARY KEY,
                    size int NOT NULL CONSTRAINT parent_size_positive CHECK (size > 0)
                );
                CREATE TABLE child (id int REFERENCES parent, during int4range, EXCLUDE USING gist (during WITH &&));
                INSERT INTO parent VALUES (1, 1);
                INSERT INTO child VALUES (1, '[1,5)');
                """)
        let cases: [(Statement, PostgresError.Kind)] = [
            ("INSERT INTO parent VALUES (1, 1)", .unique),
            ("INSERT INTO parent VALUES (2, 0)", .check),
            ("INSERT INTO parent VALUES (2, NULL)", .notNull),
            ("INSERT INTO child VALUES (9, NULL)", .foreignKey),
            ("INSERT INTO child VALUES (1, '[4,6)')", .exclusion),
            ("SELEC", .other),
            ("COPY parent FROM STDIN", .usage),
        ]
        for (statement, kind) in cases {
            let error = await #expect(throws: PostgresError.self) { try await session.rows(statement) }
            #expect(error?.kind == kind, "\(statement.text)")
            if kind == .check { #expect(error?.constraint == "parent_size_positive") }
        }
    }

    @Test("a plan that the schema has outgrown is prepared anew, unseen by the caller")
    func stalePlan() async throws {
        let session = try await Session.connect(FreshDatabase.current.configuration)
        try await session.script(unchecked: "CREATE TABLE thing (id int); INSERT INTO thing VALUES (1)")
        for _ in 1...3 { _ = try await session.rows("SELECT * FROM thing WHERE id = \(1)") }
        try await session.script(unchecked: "ALTER TABLE thing ADD COLUMN name text DEFAULT 'x'")
        for _ in 1...3 {
            let row = try #require(try await session.rows("SELECT * FROM thing WHERE id = \(1)").first)
            #expect(try row.decode("name") == "x")
        }
    }

    @Test("inside a transaction a stale plan fails once, and the pool tries again")
    func stalePlanInTransaction() async throws {
        let pool = Pool(FreshDatabase.current.configuration, size: 1)
        try await pool.execute("CREATE TABLE thing (id int)")
        for _ in 1...3 { _ = try await pool.rows("SELECT * FROM thing") }
        try await FreshDatabase.current.pool.execute("ALTER TABLE thing ADD COLUMN name text DEFAULT 'x'")
        let columns = try await pool.transaction { session in try session.rows("SELECT * FROM thing").columns }
        #expect(columns == ["id", "name"])
    }

    @Test("plans the server has dropped are prepared anew")
    func discarded() async throws {
        let session = try await Session.connect(FreshDatabase.current.configuration)
        for _ in 1...3 { _ = try await session.rows("SELECT \(1)") }
        try await session.script(unchecked: "DEALLOCATE ALL")
        for _ in 1...3 { #expect(try await session.rows("SELECT \(1)").count == 1) }
    }

    @Test("many different statements leave a bounded number of plans on the server")
    func boundedPlans() async throws {
        let session = try await Session.connect(FreshDatabase.current.configuration)
        for number in 0..<600 {
            let statement: Statement = "SELECT 1 AS \(identifier: "column \(number)")"
            for _ in 1...2 { _ = try await session.rows(statement) }
        }
        let row = try #require(try await session.rows("SELECT count(*) FROM pg_prepared_statements").first)
        #expect(try row.decode(0, as: Int.self) <= 256)
    }

    @Test("a statement that takes too long is stopped, and the session goes on")
    func statementTimeout() async throws {
        var configuration = FreshDatabase.current.configuration
        configuration.statementTimeout = .milliseconds(50)
        let session = try await Session.connect(configuration)
        let error = await #expect(throws: PostgresError.self) { try await session.rows("SELECT pg_sleep(60)") }
        #expect(error?.kind == .statementTimeout)
        #expect(try await session.rows("SELECT 1").count == 1)
    }

    @Test("a server that is silent beyond the timeout costs the session, not the thread")
    func frozenServer() async throws {
        var configuration = FreshDatabase.current.configuration
        configuration.statementTimeout = .milliseconds(50)
        let session = try await Session.connect(configuration)
        let row = try #require(try await session.rows("SELECT pg_backend_pid()").first)
        let backend = try row.decode(0, as: Int32.self)
        #expect(kill(backend, SIGSTOP) == 0)
        defer { kill(backend, SIGCONT) }
        let error = await #expect(throws: PostgresError.self) { try await session.rows("SELECT 1") }
        #expect(error?.kind == .statementTimeout)
        let closed = await #expect(throws: PostgresError.self) { try await session.rows("SELECT 1") }
        #expect(closed?.kind == .connection)
    }

    @Test("behind a pooler's rules timeouts and search path hold inside transactions, and nothing is prepared")
    func pooled() async throws {
        var configuration = FreshDatabase.current.configuration
        configuration.preparesStatements = false
        configuration.statementTimeout = .milliseconds(50)
        configuration.searchPath = ["odd schema", "public"]
        let session = try await Session.connect(configuration)
        for _ in 1...3 { _ = try await session.rows("SELECT \(1)") }
        let rows = try await session.rows("SELECT count(*), current_setting('TimeZone') FROM pg_prepared_statements")
        let plans = try #require(rows.first)
        #expect(try plans.decode(0) == 0)
        #expect(try plans.decode(1) == "UTC")
        let path = try await session.transaction { session in
            try #require(try session.rows("SELECT current_setting('search_path')").first).decode(0, as: String.self)
        }
        #expect(path == "\"odd schema\", public")
        let opened = try await session.transaction(opening: ["SELECT current_setting('search_path')"]) { _, answers in
            (try answers[0][0].decode(0, as: String.self), [])
        }
        #expect(opened.value == path)
        let error = await #expect(throws: PostgresError.self) {
            try await session.transaction { session in try session.execute("SELECT pg_sleep(60)") }
        }
        #expect(error?.kind == .statementTimeout)
    }

    @Test("a connection whose other end is gone is given up in seconds, unless the string says otherwise")
    func halfOpen() throws {
        let keywords = try Configuration(conninfo: "host=x tcp_user_timeout=5").keywords()
        let own = try #require(keywords.firstIndex { $0.name == "tcp_user_timeout" && $0.value == "20000" })
        let string = try #require(keywords.firstIndex { $0.name == "dbname" })
        #expect(own < string, "libpq takes the last that names it")
    }

    @Test("a server that is not there is a connection error, a malformed string one of usage")
    func unreachable() async throws {
        let nowhere = await #expect(throws: PostgresError.self) {
            try await Session.connect(Configuration(conninfo: "host=/nonexistent"))
        }
        #expect(nowhere?.kind == .connection)
        let malformed = await #expect(throws: PostgresError.self) {
            try await Session.connect(Configuration(conninfo: "no such keyword"))
        }
        #expect(malformed?.kind == .usage)
    }
}
