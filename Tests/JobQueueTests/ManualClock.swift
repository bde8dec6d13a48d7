import Synchronization

/// A clock that stands still until a test puts it forward. Says of each sleep how long it is to last.
final class ManualClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct State {
        var now = Instant(offset: .zero)
        var sleepers: [Int: (deadline: Instant, continuation: CheckedContinuation<Void, any Error>)] = [:]
        var nextSleeper = 0
    }

    /// The length of each sleep that has begun.
    let sleeps = Mailbox(of: Duration.self)
    private let state = Mutex(State())

    var now: Instant { state.withLock(\.now) }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let number = state.withLock { state in
            state.nextSleeper += 1
            return state.nextSleeper
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                // What is to be said at once; `nil` where it sleeps now.
                let (length, answer): (Duration, Result<Void, any Error>?) = state.withLock { state in
                    let length = state.now.duration(to: deadline)
                    if Task.isCancelled { return (length, .failure(CancellationError())) }
                    if length <= .zero { return (length, .success(())) }
                    state.sleepers[number] = (deadline, continuation)
                    return (length, nil)
                }
                if let answer { continuation.resume(with: answer) } else { sleeps.put(length) }
            }
        } onCancel: {
            let sleeper = state.withLock { $0.sleepers.removeValue(forKey: number) }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Returns once somebody has begun to sleep for so long.
    func somebodySleeps(for length: Duration) async throws {
        try await sleeps.drain { $0 == length }
    }

    /// Puts the clock forward, and wakes whose time has come.
    func advance(by duration: Duration) {
        let woken = state.withLock { state in
            state.now.offset += duration
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for number in due.keys { state.sleepers[number] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }
}
