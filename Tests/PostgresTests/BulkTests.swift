import TestSupport
import Testing

@testable import Postgres

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct CopyTests {
    private static let odd = [
        "tab\there", "line\nbreak", "return\r", "back\\slash", "\\N", "\\.", "", "汉字", "'\"{}",
    ]

    @Test("ten thousand rows with odd characters and NULLs arrive as they were sent")
    func oddCharacters() async throws {
        let session = try await Session.connect(FreshDatabase.current.configuration)
        try await session.script(
            unchecked: "CREATE SCHEMA deep; CREATE TABLE deep.kept (n bigint, \"odd name\" text, at timestamptz)"
        )
        let rows = (0..<10_000).map { n -> [CopyValue] in
            let text = n % 10 == 9 ? nil : Self.odd[n % 10] + String(n)
            return [CopyValue(n), CopyValue(text), CopyValue(Instant(microsecondsSinceEpoch: Int64(n)))]
        }
        #expect(try await session.copyIn("deep.kept", columns: ["n", "odd name", "at"], rows: rows) == 10_000)
        let stored = try await session.rows("SELECT * FROM deep.kept ORDER BY n")
        #expect(stored.count == 10_000)
        for (n, row) in stored.enumerated() {
            let text: String? = n % 10 == 9 ? nil : Self.odd[n % 10] + String(n)
            let isSame =
                try row.decode("n") == n && row.decode("odd name") == text
                && row.decode("at") == Instant(microsecondsSinceEpoch: Int64(n))
            if !isSame { Issue.record("row \(n) differs") }
        }
    }

    @Test("a row that is refused undoes the whole COPY, and the session goes on")
    func refused() async throws {
        let session = try await Session.connect(FreshDatabase.current.configuration)
        try await session.script(unchecked: "CREATE TABLE kept (n int PRIMARY KEY)")
        let twice = (0..<50_000).map { [CopyValue($0 % 49_999)] }
        let duplicate = await #expect(throws: PostgresError.self) {
            try await session.copyIn("kept", columns: ["n"], rows: twice)
        }
        #expect(duplicate?.kind == .unique)
        let ragged = await #expect(throws: PostgresError.self) {
            try await session.copyIn("kept", columns: ["n"], rows: [[CopyValue(1)], [CopyValue(2), CopyValue(3)]])
        }
        #expect(ragged?.message == "row 2 has 2 values for 1 columns")
        let zero = await #expect(throws: PostgresError.self) {
            try await session.copyIn("kept", columns: ["n"], rows: [[CopyValue("1\0")]])
        }
        #expect(zero?.kind == .usage)
        await #expect(throws: PostgresError.self) { try await session.copyIn("nowhere", columns: ["n"], rows: []) }
        #expect(try await session.rows("SELECT * FROM kept").isEmpty)
    }

    @Test("a COPY inside a transaction is rolled back with it")
    func rolledBack() async throws {
        let pool = FreshDatabase.current.pool
        try await pool.execute("CREATE TABLE kept (n int)")
        await #expect(throws: PostgresError.self) {
            try await pool.transaction { session in
                try session.copyIn("kept", columns: ["n"], rows: [[CopyValue(1)], [.null]])
                try session.execute("SELECT 1 / 0")
            }
        }
        #expect(try await pool.rows("SELECT * FROM kept").isEmpty)
    }
}

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct PipelineTests {
    @Test("a pipeline answers each statement in its order")
    func order() async throws {
        let session = try await Session.connect(FreshDatabase.current.configuration)
        let answers = try await session.pipeline((0..<500).map { "SELECT \($0) AS n, repeat('x', 5000)" })
        #expect(answers.count == 500)
        for (n, rows) in answers.enumerated() { #expect(try rows.first?.decode("n") == n) }
        #expect(try await session.pipeline([]).isEmpty)
    }

    @Test("a pipeline is all or nothing, and its first error is thrown")
    func atomic() async throws {
        let session = try await Session.connect(FreshDatabase.current.configuration)
        try await session.script(unchecked: "CREATE TABLE kept (n int PRIMARY KEY)")
        let error = await #expect(throws: PostgresError.self) {
            try await session.pipeline([
                "INSERT INTO kept VALUES (1)", "INSERT INTO kept VALUES (1)", "SELEC",
            ])
        }
        #expect(error?.kind == .unique)
        #expect(try await session.rows("SELECT * FROM kept").isEmpty)
    }

    @Test("inside a transaction a pipeline shares its fate")
    func inTransaction() async throws {
        let session = try await Session.connect(FreshDatabase.current.configuration)
        try await session.script(unchecked: "CREATE TABLE kept (n int)")
        let affected = try await session.transaction { session in
            try session.pipeline(["INSERT INTO kept VALUES (1), (2)", "INSERT INTO kept VALUES (3)"]).map(\.affected)
        }
        #expect(affected == [2, 1])
        #expect(try await session.rows("SELECT * FROM kept").count == 3)
    }

    @Test("statements and answers larger than every buffer do not block each other")
    func large() async throws {
        let session = try await Session.connect(FreshDatabase.current.configuration)
        let block = String(repeating: "x", count: 1_000_000)
        let answers = try await session.pipeline((0..<20).map { _ in "SELECT \(block) AS block" })
        #expect(try answers.allSatisfy { try $0.first?.decode("block") == block })
    }

    @Test("a backend killed in a pipeline breaks the session, and nothing hangs")
    func killed() async throws {
        let session = try await Session.connect(FreshDatabase.current.configuration)
        let error = await #expect(throws: PostgresError.self) {
            try await session.pipeline(["SELECT 1", "SELECT pg_terminate_backend(pg_backend_pid())", "SELECT 2"])
        }
        #expect(error?.isRetryable == true)
        let closed = await #expect(throws: PostgresError.self) { try await session.rows("SELECT 1") }
        #expect(closed?.kind == .connection)
    }
}
