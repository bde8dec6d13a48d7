public import Postgres

/// Which dead jobs are meant: those that fit everything that is given.
public struct DeadJobs: Sendable, Equatable {
    public var jobIDs: [Int64]?
    public var queue: String?
    public var kind: String?
    /// Those that died at this moment or later.
    public var since: Instant?

    public init(jobIDs: [Int64]? = nil, queue: String? = nil, kind: String? = nil, since: Instant? = nil) {
        self.jobIDs = jobIDs
        self.queue = queue
        self.kind = kind
        self.since = since
    }
}

/// What became of the jobs that were to work again.
public struct Redrive: Sendable, Equatable {
    /// They wait for a worker, by id.
    public let redriven: [Int64]
    /// They stay dead: an unfinished job has their unique key.
    public let keyTaken: [Int64]
}

extension JobQueue {
    static let redriveLimits = 1...10_000

    /// Lets dead jobs work again, the oldest `limit` of them, and says which could.
    ///
    /// A job keeps its id, payload and past failures, and begins anew with its attempts. One whose unique key belongs
    /// to an unfinished job, or to an earlier one of these, stays dead. Ring the ``Bell`` after the commit.
    public static func redrive(
        _ which: DeadJobs, limit: Int = 1_000, in session: isolated Session
    ) throws -> Redrive {
        try InvalidValue.check(limit, within: redriveLimits, as: "limit")
        let rows = try session.rows(
            """
            WITH chosen AS MATERIALIZED (
                SELECT *
                  FROM queue.history
                 WHERE \(statement: which.condition)
                 ORDER BY job_id
                 LIMIT \(limit)::bigint
                   FOR UPDATE SKIP LOCKED
            ), back AS (
                SELECT job_id, queue, kind, payload, payload_version, greatest(-4, least(4, priority)) AS priority,
                       tenant, unique_key, trace, timeout, max_attempt_count, enqueued_at,
                       row_number() OVER (PARTITION BY queue, tenant ORDER BY job_id) AS place
                  FROM chosen
            ), redriven AS (
                INSERT INTO queue.job (job_id, queue, kind, payload, payload_version, priority, tenant, unique_key,
                                       trace, timeout, max_attempt_count, state, run_at, turn_at, enqueued_at,
                                       has_dependents, revision)
                OVERRIDING SYSTEM VALUE
                SELECT job_id, queue, kind, payload, payload_version, priority, tenant, unique_key, trace, timeout,
                       max_attempt_count, 'available', queue.now(),
                       \(statement: nextTurn(of: "back")) + place * interval '1 microsecond', enqueued_at,
                       EXISTS (SELECT FROM queue.dependency WHERE after_job_id = back.job_id),
                       nextval('queue.lease_epoch')
                  FROM back
                 ORDER BY job_id
                ON CONFLICT DO NOTHING
                RETURNING job_id
            ), exhumed AS (
                DELETE FROM queue.history
                 USING redriven
                 WHERE history.job_id = redriven.job_id AND history.outcome = 'dead'
            )
            SELECT chosen.job_id, redriven.job_id IS NOT NULL AS redriven
              FROM chosen
              LEFT JOIN redriven USING (job_id)
             ORDER BY chosen.job_id
            """
        )
        let fates = try rows.map { row in
            (jobID: try row.decode("job_id", as: Int64.self), works: try row.decode("redriven", as: Bool.self))
        }
        return Redrive(
            redriven: fates.filter(\.works).map(\.jobID), keyTaken: fates.filter { !$0.works }.map(\.jobID)
        )
    }
}

extension DeadJobs {
    fileprivate var condition: Statement {
        var conditions: [Statement] = ["outcome = 'dead'"]
        if let jobIDs { conditions.append("job_id = ANY(\(jobIDs)::bigint[])") }
        if let queue { conditions.append("queue = \(queue)") }
        if let kind { conditions.append("kind = \(kind)") }
        if let since { conditions.append("finished_at >= \(since)") }
        return Statement(joining: conditions, separator: " AND ")
    }
}
