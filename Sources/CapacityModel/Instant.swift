/// A point in time: microseconds since 1970-01-01T00:00:00Z, as PostgreSQL keeps it.
///
/// Business time is read from the database's clock and carried as this value; nothing here asks the process what time it is.
package struct Instant: Hashable, Comparable, Sendable {
    package var microsecondsSinceEpoch: Int64

    package init(microsecondsSinceEpoch: Int64) {
        self.microsecondsSinceEpoch = microsecondsSinceEpoch
    }

    package init(secondsSinceEpoch: Int64) {
        self.microsecondsSinceEpoch = secondsSinceEpoch * 1_000_000
    }

    /// Whole seconds since the epoch, rounded towards the past.
    package var secondsSinceEpoch: Int64 {
        (microsecondsSinceEpoch - microsecondsSinceEpoch.positiveRemainder(1_000_000)) / 1_000_000
    }

    /// The same instant with its fraction of a second dropped. Windows are second-granular.
    package var wholeSecond: Instant { Instant(secondsSinceEpoch: secondsSinceEpoch) }

    package static func < (left: Instant, right: Instant) -> Bool {
        left.microsecondsSinceEpoch < right.microsecondsSinceEpoch
    }

    package static func + (instant: Instant, duration: Duration) -> Instant {
        Instant(microsecondsSinceEpoch: instant.microsecondsSinceEpoch + duration.microseconds)
    }

    package static func - (instant: Instant, duration: Duration) -> Instant {
        Instant(microsecondsSinceEpoch: instant.microsecondsSinceEpoch - duration.microseconds)
    }

    package static func - (left: Instant, right: Instant) -> Duration {
        .microseconds(left.microsecondsSinceEpoch - right.microsecondsSinceEpoch)
    }
}

extension Duration {
    /// The whole length in microseconds, rounded towards zero.
    package var microseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }

    /// The whole length in seconds, rounded towards zero.
    package var wholeSeconds: Int64 { components.seconds }
}

extension Int64 {
    /// The remainder that is never negative, so that instants before 1970 round the same way as those after.
    func positiveRemainder(_ divisor: Int64) -> Int64 {
        let remainder = self % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }
}
