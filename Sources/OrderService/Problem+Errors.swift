import CapacityAPI
import CapacityStore
import Hummingbird
import NIOCore
import Postgres

extension Problem {
    /// The problem that a thrown error is answered with. What PostgreSQL said stays in the log.
    init(answering error: any Error) {
        switch error {
        case let problem as Problem:
            self = problem
        case let invalid as InvalidBody:
            self.init(.invalidOrder, detail: "see 'errors' for each field", errors: invalid.errors)
        case let failure as StoreError:
            self.init(answering: failure)
        case let failure as PostgresError:
            self.init(answering: failure)
        case is NIOTooManyBytesError:
            self.init(.bodyTooLarge)
        case let failure as HTTPError where failure.status == .notFound:
            self.init(.notFound, detail: "nothing is served at this path; /openapi.json lists what is")
        case is CancellationError:
            self.init(.unavailable, detail: "the service is stopping; ask again")
        default:
            self.init(.internal, detail: "the request id in the answer's header finds this in the service's log")
        }
    }

    private init(answering failure: StoreError) {
        switch failure {
        case .stale:
            self.init(.conflict, detail: "somebody else changed this first; read it again")
        case .retryable(let cause), .broken(let cause):
            self.init(answering: cause)
        case .oversold:
            self.init(.unavailable, detail: "others took this capacity in the same moment; ask again")
        case .quotaExceeded(let excess):
            self.init(excess)
        case .waitingListFull:
            let detail = Store.waitingListIsFull
            self.init(
                .insufficientCapacity, detail: detail,
                errors: [FieldError(pointer: "/fulfilment/topUp", code: .waitingListFull, detail: detail)])
        }
    }

    private init(answering failure: PostgresError) {
        switch failure.kind {
        case .connection, .serialization, .deadlock, .lockTimeout, .statementTimeout, .readOnly, .shutdown,
            .tooManyConnections, .stalePlan, .cancelled:
            self.init(
                .unavailable,
                detail:
                    "the database cannot answer now, and whether a change was made is unknown; send it again, an order with the "
                    + "same Idempotency-Key")
        case .diskFull:
            self.init(.unavailable, detail: "the database's disk is full and nothing was changed; ask again later")
        case .unique, .foreignKey, .check, .exclusion, .notNull, .decoding, .usage, .other:
            self.init(.internal, detail: "the request id in the answer's header finds this in the service's log")
        }
    }
}
