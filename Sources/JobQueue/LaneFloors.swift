import Postgres

/// How far a claimant has come in each lane, so that it need not read what lies behind. Knows no clock of its own.
///
/// Claimed jobs leave dead entries at the head of a lane's index, and while somebody holds an old snapshot nobody may
/// remove them. The floor passes over them. It lags behind by a moment, because a job may commit later than one that took
/// its turn after it; what commits later still is found by one claim in each longer moment, and at the last by a sweep, a claim
/// without floors.
///
/// Where a lane is far behind, the floor does not lag but for that one claim: its turns were taken so long ago that hardly
/// anything of them is yet to commit, and what is waits no longer than the moment.
struct LaneFloors {
    /// How long a turn that was claimed stays above the floor.
    static let shortLag = Duration.milliseconds(50)
    /// The same for one claim in each such moment.
    static let lag = Duration.milliseconds(250)
    /// How long the jobs of a lane have been waiting that is far behind.
    static let backlog = Duration.seconds(1)
    /// How far apart the remembered turns of a lane lie.
    private static let grain = shortLag / 5

    private struct Mark {
        let at: ContinuousClock.Instant
        let turn: Instant
    }

    private var marks: [Lane: [Mark]] = [:]
    /// The last turn that was claimed of each lane that is far behind.
    private var heads: [Lane: Instant] = [:]
    private var lastLagging: ContinuousClock.Instant?

    /// The lanes that need not be read from their heads, and where they begin.
    mutating func floors(at now: ContinuousClock.Instant) -> [Lane: Instant] {
        if let lastLagging, now - lastLagging < Self.lag {
            return turns(before: now - Self.shortLag).merging(heads) { _, head in head }
        }
        lastLagging = now
        return turns(before: now - Self.lag)
    }

    private func turns(before moment: ContinuousClock.Instant) -> [Lane: Instant] {
        marks.compactMapValues { marks in marks.last { $0.at <= moment }?.turn }
    }

    /// A claim took all that it found in `lane` up to `turn`, which is far behind; `nil` where it is not.
    mutating func cameTo(_ turn: Instant?, in lane: Lane) { heads[lane] = turn }

    /// No lane is behind.
    mutating func caughtUp() { heads = [:] }

    /// Remembers that the first of the jobs just claimed in `lane` had this turn.
    mutating func claimed(_ turn: Instant, in lane: Lane, at now: ContinuousClock.Instant) {
        var marks = marks[lane, default: []]
        if let last = marks.last, turn >= last.turn, now - last.at < Self.grain { return }
        marks.removeAll { $0.turn > turn }
        marks.append(Mark(at: now, turn: turn))
        if let settled = marks.lastIndex(where: { now - $0.at >= Self.lag }) { marks.removeFirst(settled) }
        self.marks[lane] = marks
    }
}
