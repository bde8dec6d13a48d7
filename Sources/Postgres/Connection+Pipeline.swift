import CLibPQ

extension Connection {
    /// Sends all requests before reading the first answer. The server treats them as one: after an error it skips the
    /// rest.
    func pipeline(_ requests: [Request], by deadline: Deadline) throws(PostgresError) -> [ResultHandle] {
        guard PQenterPipelineMode(handle) == 1 else { throw broken() }
        let isSent = requests.allSatisfy { $0.send(to: handle) == 1 } && PQpipelineSync(handle) == 1
        guard isSent else { return try giveUp(nil) }
        try flush(by: deadline)
        var results: [ResultHandle] = []
        var failure: PostgresError?
        var isSynced = false
        while !isSynced {
            // Each statement's results end with nil; two in a row come only from a lost connection.
            var next = try nextResult(by: deadline)
            if next == nil { next = try nextResult(by: deadline) }
            guard let result = next else { return try giveUp(failure) }
            switch result.status {
            case PGRES_PIPELINE_SYNC: isSynced = true
            case PGRES_PIPELINE_ABORTED: break
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                return try giveUp(PostgresError(kind: .usage, message: "COPY cannot be part of a pipeline"))
            default:
                failure = failure ?? result.error
                results.append(result)
            }
        }
        guard PQexitPipelineMode(handle) == 1 else { return try giveUp(failure) }
        if let failure { throw failure }
        return results
    }

    private func giveUp(_ failure: PostgresError?) throws(PostgresError) -> [ResultHandle] {
        let error = failure ?? broken()
        abandon()
        throw error
    }
}

extension Session {
    static let longestPipeline = 10_000

    /// Runs `statements` in one round trip and returns what each one gave, in order.
    ///
    /// Outside a transaction they are one: either all of them happen or none. The first error is thrown. At most
    /// 10,000 statements; for more of one kind bind arrays, or use `copyIn`.
    public func pipeline(_ statements: [Statement]) throws(PostgresError) -> [Rows] {
        guard statements.count <= Self.longestPipeline else {
            throw PostgresError(kind: .usage, message: "\(statements.count) statements in one pipeline")
        }
        var requests: [Request] = []
        requests.reserveCapacity(statements.count)
        for statement in statements { requests.append(try Request(statement)) }
        return try withConnection { connection throws(PostgresError) in
            try connection.pipeline(requests, by: deadline).map(Rows.init)
        }
    }
}
