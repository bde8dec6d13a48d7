import Testing

@testable import JobQueue

@Suite struct CronScheduleTests {
    @Test(
        "the next match of each schedule, in civil time",
        arguments: [
            ("* * * * *", WallTime(2026, 6, 17, 12, 0), WallTime(2026, 6, 17, 12, 1)),
            ("0 18 * * 1-5", WallTime(2026, 6, 19, 18, 0), WallTime(2026, 6, 22, 18, 0)),
            ("0 18 * * MON-FRI", WallTime(2026, 6, 17, 17, 59), WallTime(2026, 6, 17, 18, 0)),
            ("*/15 9-17 * * *", WallTime(2026, 6, 17, 17, 45), WallTime(2026, 6, 18, 9, 0)),
            ("10-40/10 * * * *", WallTime(2026, 6, 17, 9, 40), WallTime(2026, 6, 17, 10, 10)),
            ("5/20 * * * *", WallTime(2026, 6, 17, 9, 25), WallTime(2026, 6, 17, 9, 45)),
            ("1,2,30 0 1 jan *", WallTime(2026, 1, 1, 0, 2), WallTime(2026, 1, 1, 0, 30)),
            ("0 0 31 * *", WallTime(2026, 1, 31, 0, 0), WallTime(2026, 3, 31, 0, 0)),
            ("0 0 29 2 *", WallTime(2096, 2, 29, 0, 0), WallTime(2104, 2, 29, 0, 0)),
            ("0 9 1 * MON", WallTime(2026, 6, 29, 9, 0), WallTime(2026, 7, 1, 9, 0)),
            ("0 9 */2 * MON", WallTime(2026, 6, 28, 9, 0), WallTime(2026, 6, 29, 9, 0)),
            ("0 0 * * 7", WallTime(2026, 6, 17), WallTime(2026, 6, 21)),
            ("0 0 * * FRI-SUN", WallTime(2026, 6, 20), WallTime(2026, 6, 21)),
            ("0 0 * * 6-7", WallTime(2026, 6, 21), WallTime(2026, 6, 27)),
            ("0 0 * * */2", WallTime(2026, 6, 20), WallTime(2026, 6, 21)),
            ("@hourly", WallTime(2026, 12, 31, 23, 0), WallTime(2027, 1, 1)),
            ("@daily", WallTime(2026, 6, 17), WallTime(2026, 6, 18)),
            ("@weekly", WallTime(2026, 6, 17), WallTime(2026, 6, 21)),
            ("@monthly", WallTime(2026, 6, 17), WallTime(2026, 7, 1)),
            ("@yearly", WallTime(2026, 6, 17), WallTime(2027, 1, 1)),
        ] as [(String, WallTime, WallTime)]
    )
    func next(text: String, wall: WallTime, expected: WallTime) throws {
        let schedule = try CronSchedule(text)
        #expect(schedule.next(after: wall) == expected)
        #expect(schedule.last(through: expected) == expected)
        #expect(schedule.description == text)
    }

    @Test(
        "what cannot be a schedule is refused, by the name of the field",
        arguments: [
            ("0 18 * *", .fieldCount(4), "five fields"),
            ("", .fieldCount(0), "not 0"),
            ("60 * * * *", .outside(.minute, 60), "minute: 60 is not within 0 to 59"),
            ("* 24 * * *", .outside(.hour, 24), "hour: 24 is not within 0 to 23"),
            ("* * 0 * *", .outside(.day, 0), "day of the month: 0 is not within 1 to 31"),
            ("* * * 13 *", .outside(.month, 13), "month: 13 is not within 1 to 12"),
            ("* * * * 8", .outside(.weekday, 8), "day of the week: 8 is not within 0 to 7"),
            ("* 18-6 * * *", .backwards(.hour, "18-6"), "hour: 18-6 runs backwards"),
            ("*/0 * * * *", .badStep(.minute, "0"), "minute: the step \"0\""),
            ("*/x * * * *", .badStep(.minute, "x"), "from 1 to 59"),
            ("1,,2 * * * *", .unreadable(.minute, ""), "no number from 0 to 59"),
            ("+5 * * * *", .unreadable(.minute, "+5"), "\"+5\" is no number"),
            ("* * * MAI *", .unreadable(.month, "MAI"), "one of JAN, FEB"),
            ("* MON * * *", .unreadable(.hour, "MON"), "hour: \"MON\""),
            ("0 0 30 2 *", .noSuchDate, "none of these days"),
            ("0 0 31 4,6,9,11 *", .noSuchDate, "none of these days"),
            ("@reboot", .unknownWord("@reboot"), "@reboot is none of @hourly"),
        ] as [(String, CronError, String)]
    )
    func refusals(text: String, error: CronError, words: String) {
        #expect(throws: error) { try CronSchedule(text) }
        #expect(error.description.contains(words), "\(error)")
    }

    @Test("next grows, matches, and leaves nothing out; last is its mirror")
    func walking() throws {
        for seed: UInt64 in 1...40 {
            var generator = Dice(state: seed)
            let schedule = try CronSchedule(Self.text(using: &generator))
            let start = WallTime(2026, .random(in: 1...12, using: &generator), 1)
            var expected = schedule.next(after: start)
            var matches: [WallTime] = []
            for minutes in (start.minutes + 1)...(start.minutes + 5 * 1_440) {
                let wall = WallTime(minutes: minutes)
                if schedule.matches(wall) {
                    #expect(wall == expected, "seed \(seed): \(schedule)")
                    expected = schedule.next(after: wall)
                    #expect(expected > wall)
                    matches.append(wall)
                }
                if let last = matches.last {
                    let found = schedule.last(through: wall)
                    if found != last { Issue.record("seed \(seed): \(schedule) last through \(wall) is \(found)") }
                }
            }
        }
    }

    /// A schedule that matches often enough to be looked at.
    private static func text(using generator: inout Dice) -> String {
        let minutes = ["*", "*/7", "0", "59", "5,50", "10-20/3"].randomElement(using: &generator) ?? "*"
        let hours = ["*", "*/2", "0", "23", "9-17", "1,2,3"].randomElement(using: &generator) ?? "*"
        let days = ["*", "1-3", "*/2", "2,4"].randomElement(using: &generator) ?? "*"
        let weekdays = ["*", "MON-FRI", "SAT,SUN", "3"].randomElement(using: &generator) ?? "*"
        return "\(minutes) \(hours) \(days) * \(weekdays)"
    }
}

/// A generator that gives the same numbers for the same seed (SplitMix64).
struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
