package import CapacityModel
package import Postgres

/// Why a statement of the store did not do its work.
package enum StoreError: Error, Equatable, Sendable {
    /// Somebody else moved the row first. Read again, decide again.
    case stale
    /// Serialization failure, deadlock or lost connection. The same call may be made again.
    case retryable(PostgresError)
    /// The ledger refused: at some instant the host would be oversold. Refresh the picture, plan again.
    case oversold(String)
    /// The tenant would have more than its quota allows. Another plan may help where the quota is not of all sites.
    case quotaExceeded(QuotaExcess)
    /// The order would have to wait, and as many wait as may: ``Store/waitingLimit``. Read the waiting list again, plan again.
    case waitingListFull
    /// A constraint or a statement is wrong. Retrying cannot help; a person must look.
    case broken(PostgresError)

    /// The SQLSTATE of `muster.refuse_breach`.
    private static let oversoldState = "MU001"
    /// The SQLSTATE of `muster.refuse_quota_excess`.
    private static let quotaState = "MU002"
    /// The SQLSTATE of `muster.refuse_waiting_excess`.
    private static let waitingState = "MU003"

    package init(_ error: any Error) {
        switch error {
        case let error as StoreError:
            self = error
        case let error as PostgresError where error.sqlState == StoreError.oversoldState:
            self = .oversold(error.message)
        case let error as PostgresError where error.sqlState == StoreError.quotaState:
            self = QuotaExcess(refusal: error).map(StoreError.quotaExceeded) ?? .broken(error)
        case let error as PostgresError where error.sqlState == StoreError.waitingState:
            self = .waitingListFull
        case let error as PostgresError where error.isRetryable || error.kind == .cancelled:
            self = .retryable(error)
        case let error as PostgresError:
            self = .broken(error)
        case is CancellationError:
            self = .retryable(PostgresError(kind: .cancelled, message: "the task was cancelled"))
        default:
            self = .broken(PostgresError(kind: .other, message: "\(error)"))
        }
    }
}
