/// How long to wait before trying again: twice as long each time up to a limit, less a random part, so that a
/// thousand sites cut off together do not come back together.
package struct Backoff: Equatable, Sendable {
    package var first: Duration
    package var limit: Duration

    package init(first: Duration, limit: Duration) {
        self.first = first
        self.limit = limit
    }

    /// For calls to the centre.
    package static let centre = Backoff(first: .milliseconds(200), limit: .seconds(10))
    /// For calls to an engine that is not there.
    package static let engine = Backoff(first: .milliseconds(500), limit: .seconds(10))

    /// The longest wait before the attempt after `failures` failures.
    package func ceiling(afterFailures failures: Int) -> Duration {
        min(limit, first * (1 << max(0, min(failures - 1, 16))))
    }

    /// A wait between half the ceiling and all of it.
    package func wait(
        afterFailures failures: Int,
        using generator: inout some RandomNumberGenerator
    ) -> Duration {
        ceiling(afterFailures: failures) * Double.random(in: 0.5...1, using: &generator)
    }
}
