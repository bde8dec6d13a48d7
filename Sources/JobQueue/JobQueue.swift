public import Postgres

/// The queue itself: what callers do to it inside their own transactions.
///
/// Nothing here wakes a worker, because only the caller knows when it has committed: ring the ``Bell`` then, or leave
/// it to the workers' polling.
public enum JobQueue {
    /// Cancels the unfinished among these jobs and returns how many that were.
    ///
    /// A running job is taken from its worker at once: whatever it answers changes nothing any more, and its handler's
    /// task is cancelled at the next heartbeat.
    @discardableResult
    public static func cancel(_ jobIDs: [Int64], in session: isolated Session) throws -> Int {
        try cancel("job_id = ANY(\(jobIDs)::bigint[])", in: session)
    }

    /// Cancels the unfinished jobs with these unique keys and returns how many that were.
    @discardableResult
    public static func cancel(uniqueKeys: [String], in session: isolated Session) throws -> Int {
        try cancel(withKeys(uniqueKeys), in: session)
    }

    /// Found by the index of keys alone. Its rows have no NULL, so a plan made before the keys are known needs to be told that it may
    /// use it.
    private static func withKeys(_ uniqueKeys: [String]) -> Statement {
        """
        job_id = ANY(ARRAY (
            SELECT job_id FROM queue.job WHERE unique_key = ANY(\(uniqueKeys)::text[]) AND unique_key IS NOT NULL
        ))
        """
    }

    private static func cancel(_ which: Statement, in session: isolated Session) throws -> Int {
        try session.rows(
            """
            WITH chosen AS MATERIALIZED (
                SELECT job_id FROM queue.job WHERE \(statement: which) ORDER BY job_id FOR UPDATE
            ), deleted AS (
                DELETE FROM queue.job WHERE job_id = ANY(ARRAY (SELECT job_id FROM chosen)) RETURNING *
            ), cancelled AS (
                SELECT deleted.*, leased.lease_epoch, leased.worker_name, leased.started_at
                  FROM deleted LEFT JOIN queue.leased USING (job_id, revision)
            ), forgotten AS (
                DELETE FROM queue.dependency WHERE job_id = ANY(ARRAY (SELECT job_id FROM chosen))
            )
            \(statement: remembering("cancelled", outcome: "'cancelled'", reason: "NULL"))
            RETURNING job_id
            """
        ).count
    }

    /// Lets the jobs with these unique keys run now instead of later, and returns how many there were.
    ///
    /// This is how a periodic job is nudged. One that is running at this moment, or is just being claimed, may have looked
    /// before the caller's change: its next snooze is skipped, so that it looks again.
    @discardableResult
    public static func hasten(uniqueKeys: [String], in session: isolated Session) throws -> Int {
        // The lock is a statement of its own, so that the next one sees the rows as they are once it is held.
        let chosen = try session.rows(
            """
            SELECT job_id FROM queue.job
             WHERE \(statement: withKeys(uniqueKeys))
             ORDER BY job_id FOR UPDATE
            """
        ).map { try $0.decode("job_id", as: Int64.self) }
        guard !chosen.isEmpty else { return 0 }
        try session.execute(
            """
            UPDATE queue.job
               SET state        = 'available',
                   run_at       = CASE state WHEN 'available' THEN run_at ELSE queue.now() END,
                   turn_at      = CASE state WHEN 'available' THEN turn_at ELSE \(statement: nextTurn(of: "job")) END,
                   hasten_count = hasten_count + CASE state WHEN 'available' THEN 1 ELSE 0 END
             WHERE job_id = ANY(\(chosen)::bigint[])
               AND state IN ('scheduled', 'available')
            """
        )
        return chosen.count
    }
}
