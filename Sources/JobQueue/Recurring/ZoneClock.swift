import Postgres

/// What a clock on a wall of some zone shows during a span of time: stretches of one offset each, without a break.
///
/// PostgreSQL knows the zones and gives the offsets; from there on it is arithmetic.
package struct ZoneClock: Equatable, Sendable {
    /// From `start` on, and up to `end`, walls are `offset` ahead of UTC. All are minutes, the first two since 1970.
    package struct Stretch: Equatable, Sendable {
        package let start: Int64
        package let end: Int64
        package let offset: Int64
    }

    package let stretches: [Stretch]

    /// - Parameter changes: since when which offset holds, in order; the last up to `end`.
    package init(changes: [(since: Int64, offset: Int64)], end: Int64) {
        let ends = changes.dropFirst().map(\.since) + [end]
        stretches = zip(changes, ends).map { Stretch(start: $0.since, end: $1, offset: $0.offset) }
    }

    /// The clock of `zone` from a day before `first` to a day after `last`.
    ///
    /// Offsets are compared from day to day, and where one differs, that day is looked at by the minute.
    static func read(
        zone: String, from first: Instant, to last: Instant, in session: isolated Session
    ) throws -> ZoneClock {
        let (start, end) = (first.wholeMinutes - 1_440, last.wholeMinutes + 2 * 1_440)
        let rows = try session.rows(
            """
            WITH day AS (
                SELECT minute, offset_at, lag(offset_at) OVER (ORDER BY minute) AS offset_before
                  FROM generate_series(\(start)::bigint, \(end)::bigint, 1440) AS minute,
                       queue.zone_offset(minute, \(zone)) AS offset_at
            )
            SELECT minute, offset_at FROM day WHERE offset_before IS NULL
             UNION ALL
            SELECT (SELECT min(minute)
                      FROM generate_series(day.minute - 1439, day.minute) AS minute
                     WHERE queue.zone_offset(minute, \(zone)) = day.offset_at), offset_at
              FROM day
             WHERE offset_at <> offset_before
             ORDER BY minute
            """
        )
        let changes = try rows.map { row in
            (since: try row.decode("minute", as: Int64.self), offset: try row.decode("offset_at", as: Int64.self))
        }
        return ZoneClock(changes: changes, end: end - 1_440)
    }
}

extension Instant {
    /// Minutes since 1970, the begun one not counted.
    var wholeMinutes: Int64 {
        microsecondsSinceEpoch.quotientAndRemainder(flooringBy: 60_000_000).quotient
    }

    init(minutesSinceEpoch minutes: Int64) {
        self.init(microsecondsSinceEpoch: minutes * 60_000_000)
    }
}
