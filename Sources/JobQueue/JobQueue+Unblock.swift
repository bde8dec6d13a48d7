import Postgres

/// What one look after jobs that wait for others did.
struct Unblocked: Sendable, Equatable {
    /// How many jobs may go on now, or were cancelled.
    var changed = 0
    /// Those that waited in vain, where others wait for them.
    var cancelled: [Int64] = []

    /// What has ended and is yet to be looked after, once `ended` was.
    func left(of ended: [Int64]) -> [Int64] { (changed >= JobQueue.unblockLimit ? ended : []) + cancelled }
}

extension JobQueue {
    /// Dependencies decided at most at a time.
    static let unblockLimit = 1_000
    /// Looks in a row; what is left is found by the next pass over everything.
    static let unblockRounds = 100

    /// Looks after what waits for `predecessors`, and for what is cancelled with them, to the end of the chain.
    static func unblockAll(after predecessors: [Int64], in session: isolated Session) throws {
        var ended = predecessors
        for _ in 0..<unblockRounds where !ended.isEmpty {
            ended = try unblock(after: ended, in: session).left(of: ended)
        }
    }

    /// Lets jobs go on whose predecessors have ended, and cancels those that wait in vain.
    ///
    /// Takes no input but where to look first: `predecessors`, or all of them where that is `nil`, so that whatever a
    /// lost worker left is found by the next one. That pass leaves out what somebody has locked, and outside of a caller's
    /// transaction nobody waits long for a lock: the next pass comes.
    static func unblock(after predecessors: [Int64]? = nil, in session: isolated Session) throws -> Unblocked {
        guard session.isInTransaction else {
            return try session.transaction { session in
                try session.execute("SET LOCAL lock_timeout TO '1s'")
                return try unblock(after: predecessors, in: session)
            }
        }
        // Locked first: the next statement then sees what another one, deciding about the same job, has done.
        let locked = try session.rows(
            """
            SELECT job_id FROM queue.job
             WHERE job_id = ANY(ARRAY (\(statement: ended(predecessors)))) AND \(statement: isBlocked)
             ORDER BY job_id
               FOR UPDATE \(statement: predecessors == nil ? "SKIP LOCKED" : "")
            """
        ).map { try $0.decode("job_id", as: Int64.self) }
        guard !locked.isEmpty else { return Unblocked() }
        return try decide(locked, in: session)
    }

    /// Dependencies of blocked jobs on those that have left the hot table. Whatever else somebody's own statements have left
    /// in the table must not fill the limit.
    ///
    /// Dependencies always have a condition. To ask for it keeps those of `predecessors` from being looked for in an index of all.
    private static func ended(_ predecessors: [Int64]?) -> Statement {
        """
        SELECT dependency.job_id FROM queue.dependency
         WHERE \(statement: predecessors.map { "after_job_id = ANY(\($0)::bigint[]) AND condition <> ''" } ?? "true")
           AND NOT \(statement: hasJob("after_job_id"))
           AND \(statement: hasJob("dependency.job_id", which: isBlocked))
         LIMIT \(unblockLimit)::bigint
        """
    }

    /// Whether there is a job with this id. OFFSET keeps it from being joined: each is looked up, see
    /// <doc:0010-a-queue-at-rest-is-planned-for-work>.
    private static func hasJob(_ id: Statement, which condition: Statement = "true") -> Statement {
        "EXISTS (SELECT FROM queue.job WHERE job.job_id = \(statement: id) AND \(statement: condition) OFFSET 0)"
    }

    /// Of a job that is known by its id, so in words that the index of all blocked jobs does not understand.
    private static let isBlocked: Statement = "coalesce(state, '') = 'blocked'"

    private static func decide(_ blocked: [Int64], in session: isolated Session) throws -> Unblocked {
        let changed = try session.rows(
            """
            WITH ended AS MATERIALIZED (
                SELECT dependency.job_id, dependency.after_job_id, dependency.condition,
                       coalesce(last.outcome, 'forgotten') AS outcome
                  FROM queue.dependency
                  LEFT JOIN LATERAL (
                    SELECT outcome FROM queue.history WHERE job_id = dependency.after_job_id
                     ORDER BY finished_at DESC LIMIT 1
                  ) AS last ON true
                 WHERE dependency.job_id = ANY(\(blocked)::bigint[])
                   AND NOT \(statement: hasJob("after_job_id"))
            ), judged AS MATERIALIZED (
                SELECT job_id, after_job_id, outcome,
                       CASE condition WHEN 'succeeded' THEN outcome = 'done'
                                      WHEN 'failed' THEN outcome IN ('dead', 'discarded', 'cancelled')
                                      ELSE true END AS holds
                  FROM ended
            ), vain AS MATERIALIZED (
                SELECT job_id, min('job ' || after_job_id || ' ended as ' || outcome) AS reason
                  FROM judged WHERE NOT holds GROUP BY job_id
            ), cancelled AS (
                DELETE FROM queue.job
                 USING vain
                 WHERE job.job_id = vain.job_id AND job.job_id = ANY(ARRAY (SELECT job_id FROM vain))
                RETURNING job.*, vain.reason, NULL::bigint AS lease_epoch, NULL::text AS worker_name,
                          NULL::timestamptz AS started_at
            ), kept AS (
                \(statement: remembering("cancelled", outcome: "'cancelled'", reason: "reason"))
            ), settled AS (
                DELETE FROM queue.dependency
                 WHERE job_id = ANY(\(blocked)::bigint[])
                   AND (job_id IN (SELECT job_id FROM vain)
                        OR (job_id, after_job_id) IN (SELECT job_id, after_job_id FROM judged))
            ), freed AS (
                UPDATE queue.job
                   SET state   = CASE WHEN run_at > queue.now() THEN 'scheduled' ELSE 'available' END,
                       turn_at = \(statement: nextTurn(of: "job"))
                 WHERE job_id = ANY(\(blocked)::bigint[])
                   AND job_id NOT IN (SELECT job_id FROM vain)
                   AND NOT EXISTS (
                        SELECT FROM queue.dependency
                         WHERE dependency.job_id = job.job_id
                           AND dependency.after_job_id NOT IN
                               (SELECT after_job_id FROM judged WHERE judged.job_id = job.job_id)
                        OFFSET 0)
                RETURNING job_id
            )
            SELECT job_id, has_dependents FROM cancelled UNION ALL SELECT job_id, false FROM freed
            """
        )
        let cancelled = try changed.filter { try $0.decode(1) }.map { try $0.decode(0, as: Int64.self) }
        return Unblocked(changed: changed.count, cancelled: cancelled)
    }
}
