/// An instant as PostgreSQL keeps it: microseconds since 1970-01-01 00:00:00 UTC.
///
/// Travels as `timestamptz` text with an explicit offset of zero, so neither the zone of this process nor that of the
/// session can move it. `infinity` is not an instant: reading it is a decoding error.
public struct Instant: Hashable, Comparable, Sendable {
    public var microsecondsSinceEpoch: Int64

    public init(microsecondsSinceEpoch: Int64) {
        self.microsecondsSinceEpoch = microsecondsSinceEpoch
    }

    public static func < (left: Instant, right: Instant) -> Bool {
        left.microsecondsSinceEpoch < right.microsecondsSinceEpoch
    }
}

extension Instant: CustomStringConvertible {
    /// `2026-06-17 12:00:00.250000+00`, as PostgreSQL reads it; years before the first carry ` BC`.
    public var description: String {
        let (day, time) = microsecondsSinceEpoch.quotientAndRemainder(flooringBy: Self.microsecondsPerDay)
        let date = CivilDate(daysSinceEpoch: day)
        let (seconds, fraction) = time.quotientAndRemainder(dividingBy: 1_000_000)
        let year = date.year > 0 ? date.year : 1 - date.year
        var text = "\(Self.padded(year, 4))-\(Self.padded(date.month, 2))-\(Self.padded(date.day, 2)) "
        text += "\(Self.padded(seconds / 3600, 2)):\(Self.padded(seconds / 60 % 60, 2)):\(Self.padded(seconds % 60, 2))"
        if fraction != 0 { text += ".\(Self.padded(fraction, 6))" }
        text += "+00"
        return date.year > 0 ? text : text + " BC"
    }

    static let microsecondsPerDay: Int64 = 86_400_000_000

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

/// A day of the proleptic Gregorian calendar, the one PostgreSQL counts in. Year 0 is 1 BC.
package struct CivilDate: Equatable {
    package var year: Int64
    package var month: Int64
    package var day: Int64

    package init(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// Howard Hinnant's algorithm: eras of 400 years beginning on 1 March, so that the leap day ends a year.
    package init(daysSinceEpoch: Int64) {
        let (era, dayOfEra) = (daysSinceEpoch + 719_468).quotientAndRemainder(flooringBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shifted + 2) / 5 + 1
        month = shifted < 10 ? shifted + 3 : shifted - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    package var daysSinceEpoch: Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = shiftedYear.quotientAndRemainder(flooringBy: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

extension Int64 {
    /// Division rounding towards minus infinity, so that the remainder is never negative.
    package func quotientAndRemainder(flooringBy divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
