import Synchronization

/// Decides how many tasks run the handlers of a shift. Knows no task and no clock.
///
/// A runner runs one attempt after the other, so that jobs that end at once need no task each: making one costs more than
/// all else a worker does for such a job. While attempts wait there is always a runner on its way, so none waits for another
/// job's handler, only for a processor.
struct Crew {
    /// The most urgent is the last.
    private var waiting: [Lease] = []
    /// Whether one was called that has not begun yet.
    private var isOneOnItsWay = false
    /// How many there are, called ones included. Never more than there are slots.
    private(set) var runners = 0

    /// What a runner that is free does.
    enum Turn {
        /// Runs an attempt, and calls another runner first where attempts are left.
        case run(Lease, callsAnother: Bool)
        case leave
    }

    /// Takes in attempts, the most urgent first. True where a runner is to be called.
    mutating func add(_ leases: [Lease]) -> Bool {
        waiting.insert(contentsOf: leases.reversed(), at: 0)
        return call()
    }

    /// A runner that was called begins.
    mutating func began() { isOneOnItsWay = false }

    mutating func next() -> Turn {
        guard let lease = waiting.popLast() else {
            runners -= 1
            return .leave
        }
        return .run(lease, callsAnother: call())
    }

    /// A runner cannot go on, because its task was cancelled. True where another is to be called in its place.
    mutating func retired() -> Bool {
        runners -= 1
        return call()
    }

    private mutating func call() -> Bool {
        guard !waiting.isEmpty, !isOneOnItsWay else { return false }
        isOneOnItsWay = true
        runners += 1
        return true
    }
}

/// A task that runs attempts, to be cancelled from elsewhere.
final class Runner: Sendable {
    private struct Contents {
        var task: Task<Void, Never>?
        var isCancelled = false
    }

    private let contents = Mutex(Contents())

    /// Called once.
    func start(_ work: @escaping @Sendable (Runner) async -> Void) {
        let task = Task { await work(self) }
        let isLate = contents.withLock { contents in
            contents.task = task
            return contents.isCancelled
        }
        if isLate { task.cancel() }
    }

    func cancel() {
        let task = contents.withLock { contents in
            contents.isCancelled = true
            return contents.task
        }
        task?.cancel()
    }
}
