package import Postgres

/// The instants at which a schedule comes due in a zone, as far as its clock is known.
///
/// A clock that is put forward leaves out times of the day: what was to happen then happens at the first instant after
/// the gap, once. A clock that is put back shows times twice: what is to happen then happens the first time. A schedule
/// for every hour is not about times of the day: it happens whenever the clock shows its minute, so it follows the hours
/// that pass and neither doubles up after a gap nor pauses while an hour is repeated.
package struct Timetable: Sendable {
    package let schedule: CronSchedule
    package let clock: ZoneClock

    package init(schedule: CronSchedule, clock: ZoneClock) {
        self.schedule = schedule
        self.clock = clock
    }

    /// The first instant after `instant`, or `nil` where the clock is not known so far.
    package func next(after instant: Instant) -> Instant? {
        let minute = instant.wholeMinutes
        for (place, stretch) in clock.stretches.enumerated() where stretch.end > minute {
            var wall = firstWall(of: place) - 1
            if stretch.start <= minute { wall = max(wall, minute + stretch.offset) }
            let found = schedule.next(after: WallTime(minutes: wall)).minutes - stretch.offset
            if found < stretch.end { return Instant(minutesSinceEpoch: max(stretch.start, found)) }
        }
        return nil
    }

    /// The last instant that is not after `instant`, or `nil` where the clock is not known so far back.
    package func last(through instant: Instant) -> Instant? {
        let minute = instant.wholeMinutes
        for (place, stretch) in clock.stretches.enumerated().reversed() where stretch.start <= minute {
            let wall = min(minute, stretch.end - 1) + stretch.offset
            let found = schedule.last(through: WallTime(minutes: wall)).minutes
            if found >= firstWall(of: place) {
                return Instant(minutesSinceEpoch: max(stretch.start, found - stretch.offset))
            }
        }
        return nil
    }

    /// The newest `limit` of the instants from `first` to `last`, in order.
    package func newest(_ limit: Int, from first: Instant, through last: Instant) -> [Instant] {
        var found: [Instant] = []
        var end = last
        while found.count < limit, let instant = self.last(through: end), instant >= first {
            found.append(instant)
            end = Instant(minutesSinceEpoch: instant.wholeMinutes - 1)
        }
        return found.reversed()
    }

    /// Where a stretch begins to count: for times of the day where the stretch before it ended, so that those of a gap
    /// are made up for and those of a repeated hour are not.
    private func firstWall(of place: Int) -> Int64 {
        let stretch = clock.stretches[place]
        guard place > 0, !schedule.isHourly else { return stretch.start + stretch.offset }
        return stretch.start + clock.stretches[place - 1].offset
    }
}
