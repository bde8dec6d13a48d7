/// Where PostgreSQL is and how sessions with it behave.
public struct Configuration: Sendable {
    /// A libpq connection string: `host=/run/postgresql dbname=muster` or `postgresql://…`. May hold a password, so
    /// this type prints without it.
    public var conninfo: String

    /// The database, where it shall differ from the one `conninfo` names.
    public var database: String?

    /// What `pg_stat_activity` shows.
    public var applicationName: String

    /// How long one statement may run. The server enforces it; should the server not answer at all, the session gives
    /// up a little later and counts as broken.
    public var statementTimeout: Duration?

    /// How long one statement may wait for a lock.
    public var lockTimeout: Duration?

    public var connectTimeout: Duration

    /// Whether statements that are used again are prepared on the server. Turn it off behind a pooler in transaction
    /// mode: then nothing is prepared, no start-up option is sent but those poolers know, and timeouts and search path
    /// are set inside each transaction.
    public var preparesStatements: Bool

    /// The schemas names are looked up in; the server's own setting when `nil`.
    public var searchPath: [String]?

    public init(
        conninfo: String,
        database: String? = nil,
        applicationName: String = "muster",
        statementTimeout: Duration? = .seconds(30),
        lockTimeout: Duration? = nil,
        connectTimeout: Duration = .seconds(5),
        preparesStatements: Bool = true,
        searchPath: [String]? = nil
    ) {
        self.conninfo = conninfo
        self.database = database
        self.applicationName = applicationName
        self.statementTimeout = statementTimeout
        self.lockTimeout = lockTimeout
        self.connectTimeout = connectTimeout
        self.preparesStatements = preparesStatements
        self.searchPath = searchPath
    }
}

extension Configuration: CustomStringConvertible {
    public var description: String { "Configuration(applicationName: \(applicationName))" }
}

extension Configuration {
    /// Settings that hold for a whole session, whoever serves it.
    private static let constants = [
        ("TimeZone", "UTC"), ("DateStyle", "ISO"), ("standard_conforming_strings", "on"),
    ]

    /// Settings that a pooler would not carry from one server connection to the next.
    private var limits: [(name: String, value: String)] {
        var limits: [(String, String)] = []
        if let statementTimeout { limits.append(("statement_timeout", "\(statementTimeout.milliseconds)")) }
        if let lockTimeout { limits.append(("lock_timeout", "\(lockTimeout.milliseconds)")) }
        if let searchPath {
            limits.append(("search_path", searchPath.map(quoted(identifier:)).joined(separator: ", ")))
        }
        return limits
    }

    /// The `options` keyword: every setting as `-c name=value`, after those the connection string brings itself.
    func startupOptions(after own: String) -> String {
        let fixed = Self.constants + [("client_min_messages", "warning"), ("bytea_output", "hex")]
        let settings = (fixed + limits).map { name, value in
            let escaped = value.map { $0 == " " || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined()
            return "-c \(name)=\(escaped)"
        }
        return ([own] + settings).filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// Sent once after connecting through a pooler, which follows these settings by itself.
    var pooledSettings: String {
        Self.constants.map { "SET \($0.0) TO '\($0.1)'" }.joined(separator: "; ")
    }

    /// Sent at the beginning of each transaction through a pooler.
    var transactionSettings: [String] {
        guard !preparesStatements else { return [] }
        return limits.map { name, value in
            name == "search_path" ? "SET LOCAL search_path TO \(value)" : "SET LOCAL \(name) TO \(value)"
        }
    }
}

extension Duration {
    /// Whole milliseconds, at least one.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return max(1, seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
