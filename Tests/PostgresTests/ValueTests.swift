import TestSupport
import Testing

@testable import Postgres

private enum Colour: String, PostgresCodable {
    case red, green
}

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct ValueTests {
    @Test("every scalar comes back as it went")
    func scalars() async throws {
        try await expectRoundTrip([true, false])
        try await expectRoundTrip([Int.min, -1, 0, 1, Int.max])
        try await expectRoundTrip([Int64.min, Int64.max])
        try await expectRoundTrip([Int32.min, Int32.max])
        try await expectRoundTrip([Int16.min, Int16.max])
        try await expectRoundTrip([0.1, -1.5e300, .leastNonzeroMagnitude, .infinity, 1 / 3])
        try await expectRoundTrip([[] as [UInt8], [0, 255, 92, 39], Array(0...255)])
        try await expectRoundTrip([nil, 5] as [Int?])
    }

    @Test("strings keep every character", arguments: ["", "NULL", "a\tb\nc\rd", "\\N \\ \" ' $1 {}", "汉字 🚚 é"])
    func strings(text: String) async throws {
        let rows = try await FreshDatabase.current.pool.rows("SELECT \(text)::text, \([text, text]), \([text, nil])")
        let row = try #require(rows.first)
        #expect(try row.decode(0) == text)
        #expect(try row.decode(1) == [text, text])
        #expect(try row.decode(2) == [text, nil])
    }

    @Test("arrays keep order, NULLs and quotes")
    func arrays() async throws {
        try await expectRoundTrip([[], [1, -2, 3]] as [[Int64]])
        try await expectRoundTrip([[nil, 1]] as [[Int64?]])
        try await expectRoundTrip([["a,b", "{}", "\"q\"", "\\", "", "NULL", "null", " "]])
        try await expectRoundTrip([[true, false]])
        try await expectRoundTrip([[0.5, -2]])
        try await expectRoundTrip([[Instant(microsecondsSinceEpoch: 1), nil]] as [[Instant?]])
        try await expectRoundTrip([[[1, 2], [], [34]]] as [[[UInt8]]])
    }

    @Test("JSON travels as jsonb")
    func json() async throws {
        let row = try #require(
            try await FreshDatabase.current.pool.rows("SELECT \(JSON(text: #"{"a": [1, "x"]}"#)) -> 'a' AS a").first)
        #expect(try row.decode("a", as: JSON.self).text == #"[1, "x"]"#)
    }

    @Test("a string may stand for a type this library does not know")
    func inferred() async throws {
        let identity = "6b1f0c3e-58a5-4f4f-9f43-0b6d1f6f2f11"
        let rows = try await FreshDatabase.current.pool.rows(
            "SELECT \(identity)::uuid AS id, \("2 hours")::interval AS life"
        )
        let row = try #require(rows.first)
        #expect(try row.decode("id") == identity)
        #expect(try row.decode("life") == "02:00:00")
    }

    @Test("enums travel as their raw value, and an unknown one is refused")
    func enums() async throws {
        let row = try #require(
            try await FreshDatabase.current.pool.rows(
                "SELECT \(Colour.red)::text AS known, \([Colour.green, .red]) AS list, 'blue' AS unknown"
            ).first)
        #expect(try row.decode("known") == Colour.red)
        #expect(try row.decode("list") == [Colour.green, .red])
        let error = #expect(throws: PostgresError.self) { try row.decode("unknown", as: Colour.self) }
        #expect(error?.column == "unknown")
    }

    @Test("sum(bigint), a numeric, is read as an integer when it fits")
    func numeric() async throws {
        let rows = try await FreshDatabase.current.pool.rows(
            "SELECT sum(n) AS fits, sum(n) * 9e18 AS large, 1.5 AS broken FROM unnest(ARRAY[1::bigint, 2]) AS n"
        )
        let row = try #require(rows.first)
        #expect(try row.decode("fits") == 3)
        #expect(throws: PostgresError.self) { try row.decode("large", as: Int.self) }
        #expect(throws: PostgresError.self) { try row.decode("broken", as: Int.self) }
    }

    @Test("a wrong type, a NULL, a wrong name: each error names the column")
    func mismatches() async throws {
        let rows = try await FreshDatabase.current.pool.rows(
            "SELECT 'x' AS word, NULL::int AS gap, ARRAY[[1],[2]] AS deep"
        )
        let row = try #require(rows.first)
        let wrongType = #expect(throws: PostgresError.self) { try row.decode("word", as: Int.self) }
        #expect(wrongType?.kind == .decoding)
        #expect(wrongType?.column == "word")
        let gap = #expect(throws: PostgresError.self) { try row.decode("gap", as: Int.self) }
        #expect(gap?.column == "gap")
        #expect(try row.decode("gap", as: Int?.self) == nil)
        let name = #expect(throws: PostgresError.self) { try row.decode("wrod", as: String.self) }
        #expect(name?.message == "no column \"wrod\" among word, gap, deep")
        #expect(throws: PostgresError.self) { try row.decode("deep", as: [Int].self) }
        #expect(throws: PostgresError.self) { try row.decode(3, as: Int.self) }
    }

    private func expectRoundTrip<Value: PostgresCodable & Equatable>(_ values: [Value]) async throws {
        for value in values {
            // Three times: as it is, prepared, and by the prepared plan.
            try await FreshDatabase.current.pool.withSession { session in
                for _ in 1...3 {
                    let row = try #require(try await session.rows("SELECT \(value) AS value").first)
                    #expect(try row.decode("value") == value)
                }
            }
        }
    }
}
