import Glibc
import Synchronization

/// A clock that all processes of this machine read alike.
enum MonotonicClock {
    static var nanoseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// How many jobs this worker process has done, told to the process that started it; the other side of `WorkerProcess`.
final class Tally: Sendable {
    private static let interval = Duration.milliseconds(50)

    private let count = Atomic<Int>(0)
    /// Whether every job is told at once instead of every 50 ms: for latencies, not for rates.
    private let isEager: Bool

    init(isEager: Bool = false) {
        self.isEager = isEager
    }

    func add(_ done: Int = 1) {
        let sum = count.add(done, ordering: .relaxed).newValue
        if isEager { tell(sum) }
    }

    /// Runs `work` and tells how far it is, until the parent closes standard input or is gone.
    func report(on work: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await work()
            }
            group.addTask {
                while !Task.isCancelled, !Self.isInputClosed {
                    if !self.isEager { self.tell(self.count.load(ordering: .relaxed)) }
                    try await Task.sleep(for: Self.interval)
                }
            }
            try await group.next()
            group.cancelAll()
        }
    }

    /// One `write`, so that lines of several threads do not mix.
    private func tell(_ sum: Int) {
        let line = Array("\(MonotonicClock.nanoseconds) \(sum)\n".utf8)
        // A parent that does not listen any more ends this process by a signal.
        _ = write(STDOUT_FILENO, line, line.count)
    }

    private static var isInputClosed: Bool {
        var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        return poll(&input, 1, 0) > 0
    }
}
