import CLibPQ

/// What a transaction may see of others.
public enum Isolation: String, Sendable, CaseIterable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
}

extension Session {
    /// How one run of a transaction ended.
    enum Attempt<Value: Sendable>: Sendable {
        case committed(Value)
        /// `mayRetry` when the server's reason is one that passes and the commit cannot have happened.
        case failed(any Error, mayRetry: Bool)
    }

    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
    ///
    /// `body` cannot suspend, so no lock is held across anything but statements. What it throws comes out unchanged. A
    /// body that swallowed an error of the server cannot commit: that error is thrown instead.
    @discardableResult
    public func transaction<Value: Sendable>(
        isolation: Isolation = .readCommitted,
        _ body: @Sendable (isolated Session) throws -> Value
    ) throws -> Value {
        switch attempt(isolation: isolation, body) {
        case .committed(let value): return value
        case .failed(let error, _): throw error
        }
    }

    /// Runs a transaction in two round trips, for one that others wait for: `opening` goes with its beginning, and what `body`
    /// makes of the answers goes with its commit.
    ///
    /// `body` may run statements of its own in between. Where it throws or the server refuses, all is rolled back. Where only a
    /// plan did not fit any more, all is run once again.
    ///
    /// - Returns: What `body` made, and the answers to its statements.
    public func transaction<Value: Sendable>(
        opening: [Statement],
        _ body: @Sendable (isolated Session, _ answers: [Rows]) throws -> (value: Value, statements: [Statement])
    ) throws -> (value: Value, answers: [Rows]) {
        guard !isInside else { throw Self.nesting }
        do {
            return try openAndClose(opening, body)
        } catch let error as PostgresError where error.kind == .stalePlan {
            return try openAndClose(opening, body)
        }
    }

    private func openAndClose<Value>(
        _ opening: [Statement], _ body: (isolated Session, [Rows]) throws -> (value: Value, statements: [Statement])
    ) throws -> (value: Value, answers: [Rows]) {
        lastError = nil
        do {
            let beginning = beginning(.readCommitted).map(Request.init(command:))
            let opened = try pipeline(beginning + Request.all(of: opening), isWhole: false)
            let (value, statements) = try body(self, Array(opened.dropFirst(beginning.count)))
            try prepareCommit()
            let closed = try pipeline(Request.all(of: statements) + [Request(command: "COMMIT")], isWhole: false)
            return (value, closed.dropLast())
        } catch {
            rollBack()
            throw error
        }
    }

    private var isInside: Bool { transactionStatus == PQTRANS_INTRANS || transactionStatus == PQTRANS_INERROR }

    private static let nesting = PostgresError(kind: .usage, message: "a transaction inside a transaction")

    func attempt<Value: Sendable>(
        isolation: Isolation,
        _ body: @Sendable (isolated Session) throws -> Value
    ) -> Attempt<Value> {
        guard !isInside else { return .failed(Self.nesting, mayRetry: false) }
        lastError = nil
        var commitWasSent = false
        do {
            try begin(isolation)
            let value = try body(self)
            try prepareCommit()
            commitWasSent = true
            try commit()
            return .committed(value)
        } catch {
            // The server's last word decides, not what `body` made of it.
            let cause = lastError
            rollBack()
            return .failed(error, mayRetry: Self.mayRetry(cause, commitWasSent: commitWasSent))
        }
    }

    /// A connection lost after COMMIT was sent leaves open whether it happened, so nothing is run again.
    private static func mayRetry(_ cause: PostgresError?, commitWasSent: Bool) -> Bool {
        guard let cause, cause.isRetryable else { return false }
        switch cause.kind {
        case .connection, .shutdown: return !commitWasSent
        default: return true
        }
    }

    private func begin(_ isolation: Isolation) throws(PostgresError) {
        try command(beginning(isolation).joined(separator: "; "))
    }

    private func beginning(_ isolation: Isolation) -> [String] {
        ["BEGIN ISOLATION LEVEL \(isolation.rawValue)"] + configuration.transactionSettings
    }

    private func prepareCommit() throws(PostgresError) {
        switch transactionStatus {
        case PQTRANS_INTRANS: return
        case PQTRANS_INERROR:
            throw lastError ?? PostgresError(kind: .usage, message: "the transaction had already failed")
        case PQTRANS_IDLE:
            throw PostgresError(kind: .usage, message: "the body of a transaction ended it by itself")
        default:
            throw lastError ?? PostgresError(kind: .connection, message: "the connection was lost")
        }
    }

    private func commit() throws(PostgresError) {
        let tag = try command("COMMIT").commandTag
        guard tag == "COMMIT" else {
            throw lastError ?? PostgresError(kind: .usage, message: "COMMIT was answered by \(tag)")
        }
    }

    /// Back to no transaction; a session that cannot even do that is closed.
    private func rollBack() {
        switch transactionStatus {
        case PQTRANS_IDLE: return
        case PQTRANS_INTRANS, PQTRANS_INERROR:
            do {
                try command("ROLLBACK")
            } catch {
                // Closing rolls back as well.
                close()
            }
        default: close()
        }
    }

    /// Makes the session fit for the next user; `false` when there is nothing left to use.
    func settle() -> Bool {
        if beacon.isDoomed {
            close()
            return false
        }
        rollBack()
        return beacon.condition == .clean
    }

    /// Looks at what came unasked while the session was idle; `false` when the server has hung up.
    func isAlive() -> Bool {
        do {
            return try withConnection { connection in connection.absorb() }
        } catch {
            // Closed already.
            return false
        }
    }
}
