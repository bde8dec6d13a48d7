import Postgres
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct TimetableTests {
    let pool: Pool

    init() async throws {
        pool = try await queuePool()
    }

    @Test(
        "when clocks are changed, a time left out happens after the gap, and a time shown twice the first time",
        arguments: [
            // 2026-03-29 in Berlin: 02:00 is 03:00. 2026-10-25: 03:00 is 02:00.
            ("30 2 * * *", "Europe/Berlin", "2026-03-28 12:00", ["2026-03-29 01:00", "2026-03-30 00:30"]),
            ("30 2 * * *", "Europe/Berlin", "2026-10-24 12:00", ["2026-10-25 00:30", "2026-10-26 01:30"]),
            ("0,30 2 * * *", "Europe/Berlin", "2026-03-28 12:00", ["2026-03-29 01:00", "2026-03-30 00:00"]),
            ("0 3 * * *", "Europe/Berlin", "2026-03-28 12:00", ["2026-03-29 01:00", "2026-03-30 01:00"]),
            ("0 3 * * *", "Europe/Berlin", "2026-10-24 12:00", ["2026-10-25 02:00", "2026-10-26 02:00"]),
            // 2026-03-08 in New York: 02:00 is 03:00. 2026-11-01: 02:00 is 01:00.
            ("30 2 * * *", "America/New_York", "2026-03-07 12:00", ["2026-03-08 07:00", "2026-03-09 06:30"]),
            ("30 1 * * *", "America/New_York", "2026-10-31 12:00", ["2026-11-01 05:30", "2026-11-02 06:30"]),
            // Every hour follows the hours that pass: none is left out, none comes twice.
            ("0 * * * *", "Europe/Berlin", "2026-03-29 00:00", ["2026-03-29 01:00", "2026-03-29 02:00"]),
            ("30 * * * *", "Europe/Berlin", "2026-03-29 00:00", ["2026-03-29 00:30", "2026-03-29 01:30"]),
            ("30 * * * *", "Europe/Berlin", "2026-10-25 00:00", ["2026-10-25 00:30", "2026-10-25 01:30"]),
            ("*/30 * * * *", "Europe/Berlin", "2026-10-25 00:30", ["2026-10-25 01:00", "2026-10-25 01:30"]),
            // Shanghai has had one offset since 1991.
            ("0 18 * * 1-5", "Asia/Shanghai", "2026-03-27 12:00", ["2026-03-30 10:00", "2026-03-31 10:00"]),
            ("30 2 * * *", "Asia/Shanghai", "2026-10-24 12:00", ["2026-10-24 18:30", "2026-10-25 18:30"]),
        ] as [(String, String, String, [String])]
    )
    func changes(schedule: String, zone: String, after: String, expected: [String]) async throws {
        let rhythm = Rhythm(name: "test", schedule: try CronSchedule(schedule), zone: zone)
        let ticks = try await pool.withSession { session in
            var ticks: [Instant] = []
            var instant = try await session.instant(after)
            for _ in expected {
                instant = try await rhythm.next(after: instant, in: session)
                ticks.append(instant)
            }
            return ticks
        }
        #expect(ticks.map { "\($0)" } == expected.map { $0 + ":00+00" })
    }

    @Test(
        "around every change, ticks are what walking the zone's clock by the minute gives, forth and back",
        arguments: [
            ("Europe/Berlin", "2026-03-29"), ("Europe/Berlin", "2026-10-25"), ("America/New_York", "2026-03-08"),
            ("America/New_York", "2026-11-01"), ("America/Havana", "2026-03-08"), ("America/Havana", "2026-11-01"),
            ("Australia/Lord_Howe", "2026-04-05"), ("Australia/Lord_Howe", "2026-10-04"),
            ("Asia/Shanghai", "2026-03-29"), ("Asia/Kathmandu", "2026-03-29"),
        ]
    )
    func walked(zone: String, day: String) async throws {
        let texts = [
            "30 2 * * *", "15 1,2,3 * * *", "*/20 * * * *", "10 * * * *", "0 0 * * *", "*/10 0-3 * * *", "0 */2 * * *",
        ]
        let (clock, first, last, walls) = try await pool.withSession { session in
            let first = Instant(minutesSinceEpoch: try await session.instant(day).wholeMinutes - 2 * 1_440)
            let last = Instant(minutesSinceEpoch: first.wholeMinutes + 4 * 1_440)
            let clock = try await ZoneClock.read(zone: zone, from: first, to: last, in: session)
            return (clock, first, last, try await session.walls(of: zone, from: first, to: last))
        }
        for text in texts {
            let timetable = Timetable(schedule: try CronSchedule(text), clock: clock)
            let expected = walked(timetable.schedule, walls, from: first)
            var found: [Instant] = []
            var instant = first
            while let next = timetable.next(after: instant), next <= last {
                found.append(next)
                instant = next
            }
            #expect(found == expected, "\(text)")
            let start = Instant(minutesSinceEpoch: first.wholeMinutes + 1)
            #expect(timetable.newest(10_000, from: start, through: last) == expected, "\(text), backwards")
        }
    }

    /// The rule itself: a time of day happens when a clock shows it, or more, for the first time.
    private func walked(_ schedule: CronSchedule, _ walls: [Int64], from first: Instant) -> [Instant] {
        var ticks: [Instant] = []
        var shown = walls[0]
        for (minutes, wall) in zip(first.wholeMinutes..., walls).dropFirst() {
            let news = schedule.isHourly ? wall...wall : shown + 1...max(shown + 1, wall)
            let isNew = schedule.isHourly || wall > shown
            if isNew, news.contains(where: { schedule.matches(WallTime(minutes: $0)) }) {
                ticks.append(Instant(minutesSinceEpoch: minutes))
            }
            shown = max(shown, wall)
        }
        return ticks
    }
}

extension Session {
    /// The instant that `text` names, in UTC.
    func instant(_ text: String) throws -> Instant {
        try rows("SELECT \(text)::timestamp AT TIME ZONE 'UTC' AS instant")[0].decode("instant")
    }

    /// What clocks in a zone show, minute by minute, by PostgreSQL's word.
    func walls(of zone: String, from first: Instant, to last: Instant) throws -> [Int64] {
        try rows(
            """
            SELECT (extract(epoch FROM moment AT TIME ZONE \(zone)) / 60)::bigint AS wall
              FROM generate_series(\(first)::timestamptz, \(last)::timestamptz, interval '1 minute') AS moment
             ORDER BY moment
            """
        ).map { try $0.decode("wall") }
    }
}
