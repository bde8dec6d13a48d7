import TestSupport
import Testing

@testable import Postgres

@Suite struct InstantTests {
    static let pairs: [(Int64, String)] = [
        (0, "1970-01-01 00:00:00+00"),
        (-1, "1969-12-31 23:59:59.999999+00"),
        (1_781_726_400_250_000, "2026-06-17 20:00:00.250000+00"),
        (951_782_400_000_000, "2000-02-29 00:00:00+00"),
        (-62_135_596_800_000_000, "0001-01-01 00:00:00+00"),
        (-62_135_596_800_000_001, "0001-12-31 23:59:59.999999+00 BC"),
        (253_402_300_800_000_000, "10000-01-01 00:00:00+00"),
        (.max, "294247-01-10 04:00:54.775807+00"),
    ]

    @Test("an instant is written as PostgreSQL reads it", arguments: pairs)
    func text(microseconds: Int64, text: String) {
        #expect(Instant(microsecondsSinceEpoch: microseconds).description == text)
        #expect(parse(text) == Instant(microsecondsSinceEpoch: microseconds))
    }

    @Test("offsets other than zero are honoured")
    func offsets() {
        let epoch = Instant(microsecondsSinceEpoch: 0)
        #expect(parse("1970-01-01 08:00:00+08") == epoch)
        #expect(parse("1969-12-31 18:30:00-05:30") == epoch)
        #expect(parse("1970-01-01 05:53:28+05:53:28") == epoch)
    }

    @Test(
        "what names no instant is none",
        arguments: [
            "infinity", "-infinity", "", "2026-06-17", "2026-06-17 20:00:00",
            "2026-06-17 20:00:00+00 AD", "294276-12-31 23:59:59+00",
            "294247-01-10 04:00:54.775808+00",
        ])
    func nonsense(text: String) {
        #expect(parse(text) == nil)
    }

    @Test("every day of 800 years survives the way to a date and back")
    func days() {
        var previous = CivilDate(daysSinceEpoch: -146_098)
        for day in Int64(-146_097)...146_097 {
            let date = CivilDate(daysSinceEpoch: day)
            let isNext = date.day == previous.day + 1 || date.day == 1
            if !isNext || date.daysSinceEpoch != day { Issue.record("\(date) follows \(previous)") }
            previous = date
        }
    }

    private func parse(_ text: String) -> Instant? {
        Array(text.utf8).withUnsafeBufferPointer(Instant.init(postgresText:))
    }
}

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct StoredInstantTests {
    @Test("the server agrees on what every instant means, in any zone of its own")
    func roundTrip() async throws {
        var generator = SystemRandomNumberGenerator()
        // From 4713 BC to the year 294,276: all PostgreSQL can hold.
        let random = (0..<500).map { _ in
            Instant(
                microsecondsSinceEpoch: .random(
                    in: -210_866_803_200_000_000...9_200_000_000_000_000_000, using: &generator))
        }
        // Not the very last: there the server's own extract() rounds.
        let known = InstantTests.pairs.dropLast().map { Instant(microsecondsSinceEpoch: $0.0) }
        let instants = known + random
        let rows = try await FreshDatabase.current.pool.rows(
            """
            SELECT given, (extract(epoch FROM given) * 1000000)::numeric(30) AS microseconds
              FROM unnest(\(instants)) WITH ORDINALITY AS list (given, place)
             ORDER BY place
            """
        )
        #expect(rows.count == instants.count)
        for (row, instant) in zip(rows, instants) {
            #expect(try row.decode("given") == instant)
            #expect(try row.decode("microseconds") == instant.microsecondsSinceEpoch)
        }
    }

    @Test("the session's zone is UTC, whatever the database was set to")
    func zone() async throws {
        let pool = FreshDatabase.current.pool
        let name = try #require(try await pool.rows("SELECT current_database()").first).decode(0, as: String.self)
        try await pool.execute("ALTER DATABASE \(identifier: name) SET TimeZone = 'Asia/Shanghai'")
        let session = try await Session.connect(FreshDatabase.current.configuration)
        let rows = try await session.rows(
            "SELECT current_setting('TimeZone') AS zone, '1970-01-01 08:00+08'::timestamptz AS epoch"
        )
        let row = try #require(rows.first)
        #expect(try row.decode("zone") == "UTC")
        #expect(try row.decode("epoch") == Instant(microsecondsSinceEpoch: 0))
    }

    @Test(
        "infinity and zoneless timestamps are refused, naming the column",
        arguments: ["timestamptz 'infinity'", "timestamptz '-infinity'", "timestamp '2026-06-17 20:00'"]
    )
    func infinity(literal: String) async throws {
        let session = try await Session.connect(FreshDatabase.current.configuration)
        try await session.script(unchecked: "CREATE VIEW odd AS SELECT \(literal) AS ends_at")
        let row = try #require(try await session.rows("SELECT ends_at FROM odd").first)
        let error = #expect(throws: PostgresError.self) { try row.decode("ends_at", as: Instant.self) }
        #expect(error?.kind == .decoding)
        #expect(error?.column == "ends_at")
    }
}
