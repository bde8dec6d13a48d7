import Synchronization

/// What a worker believes about one of its attempts. The database alone knows; this decides who may still speak for it.
struct Standing: Equatable {
    enum State: Equatable {
        /// The handler runs.
        case held
        /// The handler's own transaction is storing "done".
        case completing
        /// It did; nothing is left to store.
        case completed
        /// The handler ended and its verdict is on its way.
        case settling
        /// A heartbeat or a completion found that somebody else decided about the job.
        case lost
        /// Handed back by a stopping worker.
        case surrendered
    }

    /// What is left to do when a handler has ended.
    enum Ending: Equatable {
        case settle
        /// The handler's own transaction stored it.
        case completed
        case surrendered
        case refuse
    }

    private(set) var state = State.held

    /// Whether a heartbeat is worth sending. A completion may still wait for a session; once its transaction has locked
    /// the row, heartbeats and rescuers pass over it.
    var wantsHeartbeat: Bool {
        switch state {
        case .held, .completing, .settling: true
        case .completed, .lost, .surrendered: false
        }
    }

    mutating func beginCompleting() -> Bool { move(from: .held, to: .completing) }

    mutating func completed() { _ = move(from: .completing, to: .completed) }

    mutating func completionFailed(stale: Bool) { _ = move(from: .completing, to: stale ? .lost : .held) }

    /// A heartbeat came back without this lease. True where that is news; a verdict on its way carries its own fence.
    mutating func missed() -> Bool { move(from: .held, to: .lost) }

    mutating func surrender() -> Bool { move(from: .held, to: .surrendered) }

    mutating func handlerEnded() -> Ending {
        switch state {
        case .held, .completing:
            state = .settling
            return .settle
        case .completed: return .completed
        case .surrendered: return .surrendered
        case .lost: return .refuse
        case .settling: preconditionFailure("a handler ends once")
        }
    }

    private mutating func move(from old: State, to new: State) -> Bool {
        guard state == old else { return false }
        state = new
        return true
    }
}

/// One attempt in a worker's hands: its claim, its standing, and how to stop its handler.
final class Lease: Sendable {
    private struct Contents {
        var standing = Standing()
        var isCancelled = false
        var progress: Progress?
        /// Who runs the handler now.
        var runner: Runner?
    }

    let claim: Claim
    /// How long the database holds the job for this worker without a heartbeat.
    let duration: Duration
    private let contents = Mutex(Contents())

    init(_ claim: Claim, duration: Duration) {
        self.claim = claim
        self.duration = duration
    }

    /// Reads or moves the standing.
    func standing<Value: Sendable>(_ body: (inout Standing) -> Value) -> Value {
        contents.withLock { body(&$0.standing) }
    }

    var progress: Progress? { contents.withLock(\.progress) }

    func report(_ progress: Progress) {
        contents.withLock { $0.progress = progress }
    }

    /// Whether the handler's task was cancelled, or is just about to be.
    var wasCancelled: Bool { contents.withLock(\.isCancelled) }

    /// Says whose task runs the handler; it is cancelled at once where that was asked for before.
    func handlerStarted(by runner: Runner) {
        let isLate = contents.withLock { contents in
            contents.runner = runner
            return contents.isCancelled
        }
        if isLate { runner.cancel() }
    }

    /// The runner may run another's attempt from here on, so it is not cancelled for this one any more, unless
    /// ``wasCancelled`` says so already.
    func handlerEnded() -> Standing.Ending {
        contents.withLock { contents in
            contents.runner = nil
            return contents.standing.handlerEnded()
        }
    }

    func cancelHandler() {
        let runner = contents.withLock { contents in
            contents.isCancelled = true
            return contents.runner
        }
        runner?.cancel()
    }
}
