/// What went wrong between this process and PostgreSQL.
///
/// One type for the whole library: a caller switches over `kind`, a person reads `message`. `detail` may quote
/// stored values, so it is left out of `description`, which is what ends up in logs.
public struct PostgresError: Error, Equatable, Sendable {
    public enum Kind: Equatable, Sendable, CaseIterable {
        /// The server cannot be reached, or the connection was lost.
        case connection
        case serialization
        case deadlock
        case unique
        case foreignKey
        case check
        case exclusion
        case notNull
        case lockTimeout
        case statementTimeout
        case readOnly
        /// The server is starting, stopping, or ended this session.
        case shutdown
        /// The server, or the pool, has no session to give.
        case tooManyConnections
        case diskFull
        /// A prepared statement no longer fits the schema; the next try prepares anew.
        case stalePlan
        /// The task that asked was cancelled.
        case cancelled
        /// A value is not of the type it was read as.
        case decoding
        /// The caller broke a rule of this library.
        case usage
        case other
    }

    public var kind: Kind
    /// The five characters of the SQL standard; empty when libpq or this library failed before the server spoke.
    public var sqlState: String
    public var message: String
    public var detail: String?
    public var hint: String?
    public var constraint: String?
    public var table: String?
    public var column: String?

    public init(kind: Kind, sqlState: String = "", message: String) {
        self.kind = kind
        self.sqlState = sqlState
        self.message = message
    }

    /// Whether the same transaction, run again from its beginning, may succeed.
    public var isRetryable: Bool {
        switch kind {
        case .serialization, .deadlock, .connection, .shutdown, .tooManyConnections, .stalePlan: true
        case .unique, .foreignKey, .check, .exclusion, .notNull, .lockTimeout, .statementTimeout, .readOnly, .diskFull,
            .cancelled, .decoding, .usage, .other:
            false
        }
    }
}

extension PostgresError: CustomStringConvertible {
    public var description: String {
        var text = sqlState.isEmpty ? "\(kind): \(message)" : "\(kind) (\(sqlState)): \(message)"
        if let constraint { text += " [constraint \(constraint)]" }
        return text
    }
}

extension PostgresError.Kind {
    /// The kind a SQLSTATE belongs to.
    init(sqlState: String) {
        self =
            switch sqlState {
            case "40001": .serialization
            case "40P01": .deadlock
            case "23505": .unique
            case "23503": .foreignKey
            case "23514": .check
            case "23P01": .exclusion
            case "23502": .notNull
            case "55P03": .lockTimeout
            case "57014": .statementTimeout
            case "25006": .readOnly
            case "57P01", "57P02", "57P03", "57P04": .shutdown
            case "53300": .tooManyConnections
            case "53100": .diskFull
            case "26000": .stalePlan
            case "", "25P03", "57P05": .connection
            case _ where sqlState.hasPrefix("08"): .connection
            default: .other
            }
    }
}
