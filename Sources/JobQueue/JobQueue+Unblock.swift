import Postgres

extension JobQueue {
    /// Dependencies decided at most at a time.
    static let unblockLimit = 1_000

    /// Lets jobs go on whose predecessors have ended, cancels those that wait in vain, and returns how many jobs changed.
    ///
    /// Takes no input but where to look first: `predecessors`, or all of them where that is `nil`, so that whatever a
    /// lost worker left is found by the next one. That pass leaves out what somebody has locked, and outside of a caller's
    /// transaction nobody waits long for a lock: the next pass comes.
    static func unblock(after predecessors: [Int64]? = nil, in session: isolated Session) throws -> Int {
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
             WHERE job_id IN (SELECT job_id FROM (\(statement: ended(predecessors))) AS ended)
               AND state = 'blocked'
             ORDER BY job_id
               FOR UPDATE \(statement: predecessors == nil ? "SKIP LOCKED" : "")
            """
        ).map { try $0.decode("job_id", as: Int64.self) }
        guard !locked.isEmpty else { return 0 }
        return try decide(locked, in: session)
    }

    /// Dependencies on jobs that have left the hot table.
    private static func ended(_ predecessors: [Int64]?) -> Statement {
        """
        SELECT dependency.job_id FROM queue.dependency
         WHERE \(statement: predecessors.map { "after_job_id = ANY(\($0)::bigint[])" } ?? "true")
           AND NOT EXISTS (SELECT FROM queue.job AS before WHERE before.job_id = dependency.after_job_id)
         LIMIT \(unblockLimit)::bigint
        """
    }

    private static func decide(_ blocked: [Int64], in session: isolated Session) throws -> Int {
        try session.rows(
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
                   AND NOT EXISTS (SELECT FROM queue.job AS before WHERE before.job_id = dependency.after_job_id)
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
                DELETE FROM queue.job USING vain WHERE job.job_id = vain.job_id RETURNING job.*, vain.reason
            ), kept AS (
                \(statement: remembering("cancelled", outcome: "'cancelled'", reason: "reason"))
            ), settled AS (
                DELETE FROM queue.dependency
                 WHERE job_id IN (SELECT job_id FROM vain)
                    OR (job_id, after_job_id) IN (SELECT job_id, after_job_id FROM judged)
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
                               (SELECT after_job_id FROM judged WHERE judged.job_id = job.job_id))
                RETURNING job_id
            )
            SELECT job_id FROM cancelled UNION ALL SELECT job_id FROM freed
            """
        ).count
    }
}
