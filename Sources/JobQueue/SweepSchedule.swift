/// Decides when to look at everything again instead of only at what is new. Knows no clock of its own.
///
/// Looking at everything is cheap, unless somebody holds an old snapshot and dead rows pile up; so it is due after a
/// pause, but takes no more than one part in twenty of the time.
struct SweepSchedule {
    static let share = 20

    private var next: ContinuousClock.Instant?

    func isDue(at now: ContinuousClock.Instant) -> Bool {
        guard let next else { return true }
        return now >= next
    }

    mutating func done(from start: ContinuousClock.Instant, to end: ContinuousClock.Instant, pause: Duration) {
        next = end + max(pause, (end - start) * Self.share)
    }
}
