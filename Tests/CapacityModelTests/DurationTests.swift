import CapacityModel
import Testing

@Suite("Durations, ISO 8601")
struct DurationTests {
    @Test(
        "text names a length",
        arguments: [
            ("PT4H", 14_400), ("PT60S", 60), ("PT1H30M", 5_400), ("P1D", 86_400), ("P1DT30M", 88_200),
            ("P2W", 1_209_600), ("PT0S", 0), ("P1W2DT3H4M5S", 788_645), ("PT90M", 5_400),
        ]
    )
    func reads(text: String, seconds: Int) {
        #expect(Duration(iso8601: text) == .seconds(seconds))
    }

    @Test(
        "what is no length, or has one only by the calendar, is refused",
        arguments: [
            "", "P", "PT", "P1", "4H", "PT4", "P1Y", "P1M", "PT1D", "P1H", "PT1M1H", "PT1H1H", "P1DT", "PT-1H", "-PT1H",
            "PT1.5H", "PT1H ", "pt1h", "PTH", "PT1000000000000S0", "P999999999999W999999999999D999999999999999S",
        ]
    )
    func refuses(text: String) {
        #expect(Duration(iso8601: text) == nil)
    }

    @Test("a length that overflows is refused, not wrapped")
    func overflow() {
        #expect(Duration(iso8601: "P999999999999W") == .seconds(999_999_999_999 * 604_800))
        #expect(Duration(iso8601: "P9999999999999W") == nil)
    }

    @Test("a length reads back as it was written", arguments: [0, 1, 59, 60, 3_599, 3_600, 5_415, 86_400, 34_560_000])
    func writes(seconds: Int) {
        let duration = Duration.seconds(seconds)
        #expect(Duration(iso8601: duration.iso8601) == duration)
    }

    @Test("it is written in hours, minutes and seconds")
    func text() {
        #expect(Duration.seconds(90_061).iso8601 == "PT25H1M1S")
        #expect(Duration.zero.iso8601 == "PT0S")
    }
}
