import Synchronization

/// Where handlers wait until a test lets them through.
final class Gate: Sendable {
    /// One handler's place in line.
    struct Place {
        fileprivate let stream: AsyncStream<Never>

        /// Returns once the gate has been opened for this place; throws where the task is cancelled before.
        func wait() async throws {
            for await _ in stream {}
            try Task.checkCancellation()
        }
    }

    private let isOpen: Bool
    private let line = Mutex<[AsyncStream<Never>.Continuation]>([])

    init(isOpen: Bool) {
        self.isOpen = isOpen
    }

    func enter() -> Place {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        if isOpen {
            continuation.finish()
        } else {
            line.withLock { $0.append(continuation) }
        }
        return Place(stream: stream)
    }

    /// Opens for those in line now; who comes later waits for the next time.
    func letThrough() {
        let places = line.withLock { line in
            defer { line = [] }
            return line
        }
        for place in places { place.finish() }
    }
}
