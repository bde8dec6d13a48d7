import Postgres

extension JobQueue {
    /// The statement that writes the rows of `source`, deleted from the hot table, to history.
    ///
    /// Beside the job's own columns they have `lease_epoch`, `worker_name` and `started_at` of the attempt that ended with it,
    /// NULL where none ran. `outcome` and `reason` are expressions over them. The time is asked for once, not by each row.
    static func remembering(
        _ source: Statement, in table: Statement = "queue.history", outcome: Statement, reason: Statement
    ) -> Statement {
        """
        INSERT INTO \(statement: table)
            (job_id, queue, kind, payload, payload_version, priority, tenant, unique_key, trace, outcome, reason,
             attempt_count, max_attempt_count, timeout, lease_epoch, worker_name, run_at, enqueued_at, started_at,
             finished_at)
        SELECT job_id, queue, kind, payload, payload_version, priority, tenant, unique_key, trace,
               \(statement: outcome), \(statement: reason), attempt_count + num_nonnulls(lease_epoch),
               max_attempt_count, timeout, lease_epoch, worker_name, run_at, enqueued_at, started_at, (SELECT queue.now())
          FROM \(statement: source)
        """
    }
}
