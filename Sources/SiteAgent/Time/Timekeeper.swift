package import CapacityModel
import FoundationEssentials

/// Where an agent's time comes from. An argument everywhere, so that a test's hours pass at once.
package protocol Timekeeper: Sendable {
    /// Time since an origin of its own. It never jumps.
    var elapsed: Duration { get }
    /// The time of day by this machine, which somebody may set wrong.
    var wall: Instant { get }
    /// Returns when `elapsed` has come, or throws when the task is cancelled.
    func sleep(until elapsed: Duration) async throws
}

extension Timekeeper {
    package func sleep(for duration: Duration) async throws {
        try await sleep(until: elapsed + duration)
    }
}

/// The machine's own clocks.
package struct SystemTimekeeper: Timekeeper {
    private let origin = ContinuousClock.now

    package init() {}

    package var elapsed: Duration { origin.duration(to: .now) }

    package var wall: Instant {
        Instant(microsecondsSinceEpoch: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }

    package func sleep(until elapsed: Duration) async throws {
        try await ContinuousClock().sleep(until: origin + elapsed)
    }
}
