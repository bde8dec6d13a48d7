import CapacityModel
import FoundationEssentials
import Testing

@Suite("Instants, RFC 3339")
struct InstantTests {
    @Test(
        "text names an instant, whatever its offset",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T08:00:00+08:00", 0), ("1969-12-31T19:00:00-05:00", 0),
            ("1969-12-31T23:59:59Z", -1_000_000), ("2026-06-17T20:00:00+08:00", 1_781_697_600_000_000),
            ("2026-06-17t12:00:00z", 1_781_697_600_000_000), ("2026-06-17 12:00:00Z", 1_781_697_600_000_000),
            ("1970-01-01T00:00:00.5Z", 500_000), ("1970-01-01T00:00:00.1234567Z", 123_456),
            ("2000-02-29T00:00:00Z", 951_782_400_000_000), ("1969-12-31T23:59:59.25Z", -750_000),
        ]
    )
    func reads(text: String, microseconds: Int64) {
        #expect(Instant(text)?.microsecondsSinceEpoch == microseconds)
    }

    @Test(
        "what is no instant is refused",
        arguments: [
            "", "2026-06-17", "2026-06-17T20:00:00", "2026-06-17T20:00Z", "2026-6-17T20:00:00Z", "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
            "2026-06-17T24:00:00Z", "2026-06-17T20:60:00Z", "2026-06-17T23:59:60Z", "2026-06-17T20:00:00.Z",
            "2026-06-17T20:00:00+8:00", "2026-06-17T20:00:00+24:00", "2026-06-17T20:00:00Z ", "+2026-06-17T20:00:00Z",
            "2026-06-17T20:00:00+0800", "２026-06-17T20:00:00Z",
        ]
    )
    func refuses(text: String) {
        #expect(Instant(text) == nil)
    }

    @Test("an instant is written in UTC, with a fraction only where there is one")
    func writes() {
        #expect(Instant("2026-06-17T20:00:00+08:00")?.description == "2026-06-17T12:00:00Z")
        #expect(Instant(microsecondsSinceEpoch: -1).description == "1969-12-31T23:59:59.999999Z")
        #expect(Instant(microsecondsSinceEpoch: 1_500_000).description == "1970-01-01T00:00:01.500000Z")
    }

    @Test("every day of four centuries reads back as it was written")
    func days() {
        for day in Int64(-73_000)..<73_200 {
            let instant = Instant(secondsSinceEpoch: day * 86_400 + (day & 0xffff))
            #expect(Instant(instant.description) == instant)
        }
    }

    @Test("an instant is a string in JSON, and another text is refused there")
    func json() throws {
        let instant = Instant(secondsSinceEpoch: 0)
        #expect(try JSONEncoder().encode([instant]) == Data("[\"1970-01-01T00:00:00Z\"]".utf8))
        #expect(try JSONDecoder().decode([Instant].self, from: Data("[\"1970-01-01T00:00:00Z\"]".utf8)) == [instant])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([Instant].self, from: Data("[\"today\"]".utf8))
        }
    }

    @Test("whole seconds are rounded towards the past, before 1970 too")
    func wholeSecond() {
        #expect(Instant(microsecondsSinceEpoch: 1_999_999).wholeSecond == Instant(secondsSinceEpoch: 1))
        #expect(Instant(microsecondsSinceEpoch: -1).wholeSecond == Instant(secondsSinceEpoch: -1))
        #expect(Instant(microsecondsSinceEpoch: -1_000_000).wholeSecond == Instant(secondsSinceEpoch: -1))
    }
}
