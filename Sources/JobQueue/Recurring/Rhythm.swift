import Postgres

/// A schedule and the zone whose walls it is read from.
struct Rhythm: Sendable {
    let name: String
    let schedule: CronSchedule
    let zone: String

    /// Gaps are shorter than a few occurrences; a schedule that falls into one every time is refused.
    private static let attempts = 8

    /// The first tick after `now`.
    func next(after now: Instant, in session: isolated Session) throws -> Instant {
        try ticks(from: now, through: now, limit: 0, in: session).next
    }

    /// The newest `limit` ticks from `first` to `now`, and the first one after.
    ///
    /// Walls are less than a day away from UTC: reading the clock until a day after the schedule's next match in UTC, and
    /// a day more, shows the next tick, unless a gap swallows it.
    func ticks(
        from first: Instant, through now: Instant, limit: Int, in session: isolated Session
    ) throws -> (due: [Instant], next: Instant) {
        var wall = WallTime(minutes: now.wholeMinutes + 1_440)
        for _ in 0..<Self.attempts {
            wall = schedule.next(after: wall)
            let end = Instant(minutesSinceEpoch: wall.minutes)
            let clock = try ZoneClock.read(zone: zone, from: min(first, now), to: end, in: session)
            let timetable = Timetable(schedule: schedule, clock: clock)
            if let next = timetable.next(after: now) {
                return (timetable.newest(limit, from: first, through: now), next)
            }
        }
        throw RecurrenceError.neverComes(recurrence: name)
    }
}
