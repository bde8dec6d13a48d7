import CLibPQ

extension Connection {
    /// Sends all requests before reading the first answer. The server treats them as one: after an error it skips the
    /// rest.
    func pipeline(_ steps: [PipelineStep], by deadline: Deadline) throws(PostgresError) -> [ResultHandle] {
        guard PQenterPipelineMode(handle) == 1 else { throw broken() }
        let isSent = steps.allSatisfy { $0.send(to: handle) == 1 } && PQpipelineSync(handle) == 1
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

/// One thing a pipeline sends.
enum PipelineStep {
    case run(Request)
    case prepare(String, Request)
    case runPrepared(String, Request)

    /// Whether its answer is one that was asked for.
    var isAsked: Bool {
        switch self {
        case .run, .runPrepared: true
        case .prepare: false
        }
    }

    func send(to handle: OpaquePointer) -> Int32 {
        switch self {
        case .run(let request): request.send(to: handle)
        case .prepare(let name, let request):
            PQsendPrepare(handle, name, request.text, Int32(request.types.count), request.types)
        case .runPrepared(let name, let request): request.send(to: handle, prepared: name)
        }
    }
}

extension Session {
    static let longestPipeline = 10_000

    /// Runs `statements` in one round trip and returns what each one gave, in order.
    ///
    /// Outside a transaction they are one: either all of them happen or none. The first error is thrown. At most
    /// 10,000 statements; for more of one kind bind arrays, or use `copyIn`.
    public func pipeline(_ statements: [Statement]) throws(PostgresError) -> [Rows] {
        try pipeline(Request.all(of: statements), isWhole: transactionStatus == PQTRANS_IDLE)
    }

    /// - Parameter isWhole: Whether nothing remains of the pipeline where one of its requests fails.
    func pipeline(_ requests: [Request], isWhole: Bool) throws(PostgresError) -> [Rows] {
        guard requests.count <= Self.longestPipeline else {
            throw PostgresError(kind: .usage, message: "\(requests.count) statements in one pipeline")
        }
        return try withConnection { connection throws(PostgresError) in
            try pipeline(requests, isWhole: isWhole, on: connection).map(Rows.init)
        }
    }

    /// Sends requests by their prepared plans where there are some, and prepares what comes again, in the same round trip.
    ///
    /// Plans that do not fit any more are dealt with as in a single statement: nothing has happened, so outside a
    /// transaction all of it is sent again, unprepared.
    private func pipeline(
        _ requests: [Request], isWhole: Bool, on connection: Connection
    ) throws(PostgresError) -> [ResultHandle] {
        guard configuration.preparesStatements else {
            return try connection.pipeline(requests.map { .run($0) }, by: deadline)
        }
        try deallocateForgotten(on: connection)
        let steps = requests.flatMap { plannedSteps(for: $0) }
        do {
            let results = try connection.pipeline(steps, by: deadline)
            return zip(steps, results).filter(\.0.isAsked).map(\.1)
        } catch {
            // Whether the server came to prepare those that are new is not known.
            for case .prepare(_, let request) in steps { forgetPlan(of: request) }
            guard error.kind == .stalePlan else { throw error }
            for request in requests { forgetPlan(of: request) }
            guard isWhole else { throw error }
            return try connection.pipeline(requests.map { .run($0) }, by: deadline)
        }
    }
}
