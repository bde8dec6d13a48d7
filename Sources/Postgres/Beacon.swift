import CLibPQ
import Dispatch
import Synchronization

/// What other threads may know of a session, and the one thing they may do to it: stop its statement.
final class Beacon: Sendable {
    enum Condition: Equatable {
        /// Connected, no transaction open.
        case clean
        /// Connected, in the middle of something.
        case unsettled
        case broken
    }

    private struct State {
        var condition = Condition.broken
        var socket: Int32 = -1
        var canceller: Canceller?
        var isDoomed = false
    }

    private let state = Mutex(State())

    func opened(socket: Int32, canceller: Canceller) {
        state.withLock { $0 = State(condition: .clean, socket: socket, canceller: canceller) }
    }

    func closed() {
        state.withLock { $0 = State(isDoomed: $0.isDoomed) }
    }

    func note(_ status: PGTransactionStatusType) {
        let condition: Condition =
            switch status {
            case PQTRANS_IDLE: .clean
            case PQTRANS_UNKNOWN: .broken
            default: .unsettled
            }
        state.withLock { $0.condition = condition }
    }

    var condition: Condition {
        state.withLock { $0.isDoomed ? .broken : $0.condition }
    }

    /// Whether the task that used the session was cancelled; it will never be used again.
    var isDoomed: Bool { state.withLock(\.isDoomed) }

    /// Whether the server has said something while nobody asked: most often that it hung up.
    var hasUnread: Bool {
        state.withLock { $0.socket < 0 || Poll.isReadable($0.socket) }
    }

    /// Stops the running statement, if there is one, and dooms the session: a request to stop may reach the server
    /// after that statement has ended, and must not hit somebody else's.
    func cancel() {
        let canceller = state.withLock { state in
            state.isDoomed = true
            return state.canceller
        }
        guard let canceller else { return }
        // Asking blocks, so it happens on a thread that may block.
        DispatchQueue.global().async { canceller.cancel() }
    }
}
