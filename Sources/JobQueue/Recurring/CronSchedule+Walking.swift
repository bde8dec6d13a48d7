import Postgres

/// A minute on a clock on some wall, counted from 1970-01-01 00:00 there. It is in no zone, so it is no instant.
package struct WallTime: Hashable, Comparable, Sendable {
    package let minutes: Int64

    package init(minutes: Int64) {
        self.minutes = minutes
    }

    package init(_ year: Int64, _ month: Int64, _ day: Int64, _ hour: Int64 = 0, _ minute: Int64 = 0) {
        minutes = CivilDate(year: year, month: month, day: day).daysSinceEpoch * 1_440 + hour * 60 + minute
    }

    package static func < (left: WallTime, right: WallTime) -> Bool { left.minutes < right.minutes }

    fileprivate init(day: Int64, minute: Int) {
        minutes = day * 1_440 + Int64(minute)
    }

    fileprivate var day: Int64 { minutes.quotientAndRemainder(flooringBy: 1_440).quotient }
    fileprivate var minuteOfDay: Int { Int(minutes.quotientAndRemainder(flooringBy: 1_440).remainder) }
}

/// Civil time only: no zone, no database, no clock.
extension CronSchedule {
    /// From one 29 February to the next, over a year that has none: no schedule waits longer.
    private static let longestWait: Int64 = 8 * 366

    package func matches(_ wall: WallTime) -> Bool {
        let (hour, minute) = wall.minuteOfDay.quotientAndRemainder(dividingBy: 60)
        return matches(day: wall.day) && hours.contains(hour) && minutes.contains(minute)
    }

    /// The first matching minute after `wall`.
    package func next(after wall: WallTime) -> WallTime {
        let start = WallTime(minutes: wall.minutes + 1)
        for day in start.day...(start.day + Self.longestWait) where matches(day: day) {
            let minute = firstMinute(from: day == start.day ? start.minuteOfDay : 0)
            if let minute { return WallTime(day: day, minute: minute) }
        }
        preconditionFailure("a schedule without dates was let through")
    }

    /// The last matching minute that is not after `wall`.
    package func last(through wall: WallTime) -> WallTime {
        for day in (wall.day - Self.longestWait...wall.day).reversed() where matches(day: day) {
            let minute = lastMinute(through: day == wall.day ? wall.minuteOfDay : 1_439)
            if let minute { return WallTime(day: day, minute: minute) }
        }
        preconditionFailure("a schedule without dates was let through")
    }

    private func matches(day: Int64) -> Bool {
        let date = CivilDate(daysSinceEpoch: day)
        guard months.contains(Int(date.month)) else { return false }
        // 1970 began on a Thursday.
        let isWeekday = weekdays.contains(Int((day + 4).quotientAndRemainder(flooringBy: 7).remainder))
        let isDay = days.contains(Int(date.day))
        return days.isEvery || weekdays.isEvery ? isDay && isWeekday : isDay || isWeekday
    }

    private func firstMinute(from minuteOfDay: Int) -> Int? {
        let (hour, minute) = minuteOfDay.quotientAndRemainder(dividingBy: 60)
        if hours.contains(hour), let minute = minutes.first(from: minute) { return hour * 60 + minute }
        return hours.first(from: hour + 1).map { $0 * 60 + minutes.lowest }
    }

    private func lastMinute(through minuteOfDay: Int) -> Int? {
        let (hour, minute) = minuteOfDay.quotientAndRemainder(dividingBy: 60)
        if hours.contains(hour), let minute = minutes.last(through: minute) { return hour * 60 + minute }
        return hours.last(through: hour - 1).map { $0 * 60 + minutes.highest }
    }
}
