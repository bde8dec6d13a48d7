import Postgres

extension JobQueue {
    /// The columns of a job that its history keeps as they were.
    static let remembered: Statement = """
        job_id, queue, kind, payload, payload_version, priority, tenant, unique_key, trace, max_attempt_count, timeout, run_at,
        enqueued_at
        """

    /// The statement that writes the rows of `source`, deleted from the hot table, to history.
    ///
    /// Beside the job's own columns they have `lease_epoch`, `worker_name` and `started_at` of the attempt that ended with it,
    /// NULL where none ran. `outcome` and `reason` are expressions over them. The time is asked for once, not by each row.
    static func remembering(
        _ source: Statement, in table: Statement = "queue.history", outcome: Statement, reason: Statement
    ) -> Statement {
        """
        INSERT INTO \(statement: table)
            (\(statement: remembered), attempt_count, lease_epoch, worker_name, started_at, outcome, reason, finished_at)
        SELECT \(statement: remembered), attempt_count + num_nonnulls(lease_epoch), lease_epoch, worker_name, started_at,
               \(statement: outcome), \(statement: reason), (SELECT queue.now())
          FROM \(statement: source)
        """
    }
}
