public import Postgres

/// Which jobs to list: those that fit everything that is given.
public struct JobFilter: Sendable, Equatable {
    public var queue: String?
    public var kind: String?
    public var state: JobState?
    public var tenant: String?

    public init(queue: String? = nil, kind: String? = nil, state: JobState? = nil, tenant: String? = nil) {
        self.queue = queue
        self.kind = kind
        self.state = state
        self.tenant = tenant
    }
}

/// Some jobs of a list, the newest first.
public struct JobPage: Sendable, Equatable {
    public let jobs: [JobRecord]
    /// What to give as `before` to go on; `nil` at the end.
    public let next: Int64?
}

extension JobQueue {
    static let listLimits = 1...1_000

    /// Up to `limit` jobs that fit `filter`, unfinished and finished ones, the newest first.
    ///
    /// - Parameter cursor: Only jobs with lower ids: the page before's ``JobPage/next``.
    public static func list(
        _ filter: JobFilter = JobFilter(), before cursor: Int64? = nil, limit: Int = 50, in session: isolated Session
    ) throws -> JobPage {
        try InvalidValue.check(limit, within: listLimits, as: "limit")
        let parts = filter.tables(before: cursor).map { part -> Statement in
            "(\(statement: part) ORDER BY job_id DESC LIMIT \(limit + 1))"
        }
        let union = Statement(joining: parts, separator: " UNION ALL ")
        let rows = try session.rows(
            "SELECT * FROM (\(statement: union)) AS job ORDER BY job_id DESC LIMIT \(limit + 1)"
        )
        let jobs = try rows.prefix(limit).map { try JobRecord($0) }
        return JobPage(jobs: jobs, next: rows.count > limit ? jobs.last?.jobID : nil)
    }
}

extension JobFilter {
    /// One query for each table that may hold such jobs.
    fileprivate func tables(before cursor: Int64?) -> [Statement] {
        var parts: [Statement] = []
        if state?.isFinished != true {
            parts.append(
                """
                SELECT \(statement: JobRecord.unfinishedColumns)
                  FROM queue.job_now
                 WHERE \(statement: condition(state: "state", before: cursor)) AND \(statement: whereToLook)
                """
            )
        }
        if state?.isFinished != false {
            parts.append(
                """
                SELECT \(statement: JobRecord.finishedColumns)
                  FROM queue.history
                 WHERE \(statement: condition(state: "outcome", before: cursor))
                """
            )
        }
        return parts
    }

    /// Lets the planner look where jobs of the state are, of which there may be few among millions: what runs is found by the
    /// leases, all else by the indexes of the states.
    private var whereToLook: Statement {
        switch state {
        case nil: "true"
        case .running: "job_id IN (SELECT job_id FROM queue.leased)"
        case let state?: "waits_as = \(state.rawValue)"
        }
    }

    private func condition(state column: Statement, before cursor: Int64?) -> Statement {
        var conditions: [Statement] = ["true"]
        if let cursor { conditions.append("job_id < \(cursor)") }
        if let queue { conditions.append("queue = \(queue)") }
        if let kind { conditions.append("kind = \(kind)") }
        if let state { conditions.append("\(statement: column) = \(state.rawValue)") }
        if let tenant { conditions.append("tenant = \(tenant)") }
        return Statement(joining: conditions, separator: " AND ")
    }
}
