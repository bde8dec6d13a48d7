import CapacityModel
import Synchronization

@testable import SiteAgent

/// Time that passes only when a test says so.
final class ManualTimekeeper: Timekeeper {
    private struct Sleeper {
        var until: Duration
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var elapsed = Duration.zero
        var sleepers: [Int: Sleeper] = [:]
        var cancelled: Set<Int> = []
        var count = 0
    }

    private let state = Mutex(State())
    private let origin: Instant

    init(origin: Instant = .noon) {
        self.origin = origin
    }

    var elapsed: Duration { state.withLock { $0.elapsed } }
    var wall: Instant { origin + elapsed }

    func sleep(until elapsed: Duration) async throws {
        let number = state.withLock { state in
            state.count += 1
            return state.count
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return .failure(CancellationError()) }
                    if state.elapsed >= elapsed { return .success(()) }
                    state.sleepers[number] = Sleeper(until: elapsed, continuation: continuation)
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: number)
                if sleeper == nil { state.cancelled.insert(number) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Lets time pass up to `instant`, and wakes whom that wakes.
    func advance(to instant: Instant) {
        let woken = state.withLock { state in
            state.elapsed = max(state.elapsed, instant - origin)
            let woken = state.sleepers.filter { $0.value.until <= state.elapsed }
            for number in woken.keys { state.sleepers[number] = nil }
            return woken.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Lets time pass, second by second, until `holds`. For what is retried at times nobody need know.
    ///
    /// After each second time waits for those it woke, until somebody goes to sleep again: on a busy machine it would
    /// otherwise run past a window's end while the agent is still at work.
    func advance(until holds: @Sendable () async -> Bool) async {
        while await !holds() {
            let slept = sleeps
            advance(to: wall + .seconds(1))
            for _ in 0..<5_000 where sleeps == slept {
                if await holds() { return }
                await Task.yield()
            }
        }
    }

    /// How often somebody has gone to sleep.
    private var sleeps: Int { state.withLock { $0.count } }
}
