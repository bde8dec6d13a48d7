import CLibPQ

/// One connection to PostgreSQL on a thread of its own.
///
/// Statements run one after the other. The methods are synchronous inside the actor, which is what lets a transaction
/// be a closure that cannot suspend; from outside, each call is awaited as usual.
public actor Session {
    /// How long beyond the statement timeout a silent server is waited for.
    static let grace = Duration.seconds(2)

    private nonisolated let executor: SessionExecutor
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What other threads may know of this session without asking it.
    nonisolated let beacon = Beacon()
    nonisolated let configuration: Configuration

    private var connection: Connection?
    private var plans = PlanCache()
    /// The server's last complaint since the transaction began.
    var lastError: PostgresError?
    /// Whether deadlines are off, for migrations.
    var isUnhurried = false

    private init(_ configuration: Configuration) {
        self.configuration = configuration
        executor = SessionExecutor(label: "postgres.session")
    }

    public static func connect(_ configuration: Configuration) async throws(PostgresError) -> Session {
        let session = Session(configuration)
        try await session.open()
        return session
    }

    private func open() throws(PostgresError) {
        let connection = try Connection(configuration)
        self.connection = connection
        beacon.opened(socket: connection.socket, canceller: connection.canceller)
        if !configuration.preparesStatements {
            try command(configuration.pooledSettings)
        }
    }

    /// Runs a statement and returns its rows. Used a second time, it is prepared on the server.
    public func rows(_ statement: Statement) throws(PostgresError) -> Rows {
        Rows(result: try perform(statement))
    }

    /// Runs a statement and returns how many rows it touched.
    @discardableResult
    public func execute(_ statement: Statement) throws(PostgresError) -> Int {
        try perform(statement).affected
    }

    /// Runs many statements in one text without parameters, as migrations are. The name of the label is a warning:
    /// nothing guards this text, so it must never be made from input.
    public func script(unchecked text: String) throws(PostgresError) {
        try command(text)
    }

    /// Stops the statement that runs, from any thread, and dooms the session: all it does from then on throws
    /// `.cancelled`, because the request may reach the server late and must not hit a statement of somebody else.
    public nonisolated func cancel() {
        beacon.cancel()
    }

    /// Ends the connection. Whatever transaction was open is rolled back by the server.
    public func close() {
        beacon.closed()
        connection = nil
    }
}

extension Session {
    /// When the statement that starts now must have an answer.
    var deadline: Connection.Deadline {
        guard !isUnhurried, let timeout = configuration.statementTimeout else { return nil }
        return .now + timeout + Self.grace
    }

    var transactionStatus: PGTransactionStatusType {
        connection?.transactionStatus ?? PQTRANS_UNKNOWN
    }

    /// Whether a transaction is open in which statements still work.
    public var isInTransaction: Bool { transactionStatus == PQTRANS_INTRANS }

    /// Lets `body` use the connection, and remembers how that went.
    func withConnection<Value>(
        _ body: (Connection) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        guard let connection, !connection.isBroken else {
            throw PostgresError(kind: .connection, message: "the session is closed")
        }
        guard !beacon.isDoomed else { throw Self.cancelled }
        defer { beacon.note(connection.transactionStatus) }
        do {
            return try body(connection)
        } catch {
            // The server's word for a cancelled statement is the same as for one that took too long.
            let told = beacon.isDoomed && error.sqlState == "57014" ? Self.cancelled : error
            lastError = told
            throw told
        }
    }

    static let cancelled = PostgresError(kind: .cancelled, sqlState: "57014", message: "the task was cancelled")

    /// Runs a text of this library's own making.
    @discardableResult
    func command(_ text: String) throws(PostgresError) -> ResultHandle {
        try withConnection { connection throws(PostgresError) in
            try connection.run(script: text, by: deadline)
        }
    }

    private func perform(_ statement: Statement) throws(PostgresError) -> ResultHandle {
        let request = try Request(statement)
        return try withConnection { connection throws(PostgresError) in
            guard configuration.preparesStatements else { return try connection.run(request, by: deadline) }
            return try perform(request, on: connection)
        }
    }

    /// Runs a request by its prepared plan where there is one.
    ///
    /// After a change of the schema a plan may not fit any more, and after `DISCARD ALL` it is gone. Nothing has run
    /// then, so outside a transaction the request is simply sent again, unprepared. Inside one the server has already
    /// given the transaction up, and the error, which is retryable, says so.
    private func perform(_ request: Request, on connection: Connection) throws(PostgresError) -> ResultHandle {
        try deallocateForgotten(on: connection)
        let key = PlanCache.Key(request)
        let isAlone = connection.transactionStatus == PQTRANS_IDLE
        do {
            switch plans.use(key) {
            case .direct:
                return try connection.run(request, by: deadline)
            case .prepare(let name):
                try connection.prepare(name, request, by: deadline)
                plans.prepared(key, as: name)
                return try connection.run(prepared: name, request, by: deadline)
            case .prepared(let name):
                return try connection.run(prepared: name, request, by: deadline)
            }
        } catch  where error.kind == .stalePlan {
            plans.forget(key)
            guard isAlone else { throw error }
            return try connection.run(request, by: deadline)
        }
    }

    func deallocateForgotten(on connection: Connection) throws(PostgresError) {
        guard plans.mustDeallocate, connection.transactionStatus == PQTRANS_IDLE else { return }
        _ = try connection.run(script: "DEALLOCATE ALL", by: deadline)
        plans.deallocated()
    }

    /// What a pipeline sends for `request`.
    func plannedSteps(for request: Request) -> [PipelineStep] {
        let key = PlanCache.Key(request)
        switch plans.use(key) {
        case .direct: return [.run(request)]
        case .prepare(let name):
            plans.prepared(key, as: name)
            return [.prepare(name, request), .runPrepared(name, request)]
        case .prepared(let name): return [.runPrepared(name, request)]
        }
    }

    func forgetPlan(of request: Request) {
        plans.forget(PlanCache.Key(request))
    }
}

extension PlanCache.Key {
    fileprivate init(_ request: Request) {
        self.init(text: request.text, types: request.types)
    }
}
