package import CapacityModel

/// The centre's time as an agent knows it: what an answer said, and the monotonic time that has passed since.
///
/// Of all answers it believes the one that can be least wrong: half its round trip, plus what two clocks may have
/// drifted apart since. Between answers only monotonic time counts, so setting the machine's clock changes nothing.
package struct CentreClock: Equatable, Sendable {
    private struct Estimate: Equatable {
        var centre: Instant
        var elapsed: Duration
        var error: Duration
    }

    /// Quartz clocks stay within this of each other: 100 parts in a million.
    private static let driftPerSecond = Duration.microseconds(100)
    /// What an offset kept over a restart may be wrong by: the machine's clock was in between.
    private static let restoredError = Duration.seconds(5)

    private var estimate: Estimate

    /// A clock that has heard nothing: the machine's own time, moved by the offset an earlier run stored, if any.
    package init(wall: Instant, elapsed: Duration, storedOffset: Duration?) {
        estimate = Estimate(
            centre: wall + (storedOffset ?? .zero),
            elapsed: elapsed,
            error: storedOffset == nil ? .seconds(1_000_000_000) : Self.restoredError
        )
    }

    /// The centre's time at monotonic time `elapsed`.
    package func now(at elapsed: Duration) -> Instant {
        estimate.centre + (elapsed - estimate.elapsed)
    }

    /// The monotonic time at which the centre's clock will show `instant`.
    package func elapsed(at instant: Instant) -> Duration {
        estimate.elapsed + (instant - estimate.centre)
    }

    /// Takes in that an answer, asked for at `sent` and here at `received`, said the time was `centre`.
    package mutating func heard(_ centre: Instant, sent: Duration, received: Duration) {
        let error = (received - sent) / 2
        let age = received - estimate.elapsed
        let present = estimate.error + Self.driftPerSecond * Int(max(0, age.wholeSeconds))
        guard error <= present else { return }
        estimate = Estimate(centre: centre + error, elapsed: received, error: error)
    }

    /// How far the centre's clock is ahead of the machine's: what is stored, so that a restarted, cut-off agent knows.
    package func offset(wall: Instant, elapsed: Duration) -> Duration {
        now(at: elapsed) - wall
    }
}
