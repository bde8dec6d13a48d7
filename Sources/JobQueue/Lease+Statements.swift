import Postgres

extension JobQueue {
    /// Lost jobs are rescued at most this many at a time.
    static let rescueLimit = 500

    /// Prolongs the leases behind `fences`, all in one statement, and returns those that still hold.
    ///
    /// A fence that is not among them is stale: its job was rescued, cancelled or finished. Rows are locked in the
    /// order of their ids, as every statement over several jobs does, so that two of them cannot deadlock.
    static func heartbeat(
        _ fences: [Fence], leaseDuration: Duration, in session: isolated Session
    ) throws -> Set<Fence> {
        let rows = try session.rows(
            """
            WITH held AS MATERIALIZED (
                SELECT job.job_id
                  FROM queue.job
                  JOIN unnest(\(fences.map(\.jobID))::bigint[], \(fences.map(\.leaseEpoch))::bigint[])
                    AS fence (job_id, lease_epoch) USING (job_id, lease_epoch)
                 ORDER BY job.job_id
                   FOR UPDATE OF job
            )
            UPDATE queue.job
               SET lease_until = statement_timestamp()
                               + \(leaseDuration.wholeMicroseconds)::bigint * interval '1 microsecond'
              FROM held
             WHERE job.job_id = held.job_id
            RETURNING job.job_id, job.lease_epoch
            """
        )
        return Set(try rows.map { try Fence($0) })
    }

    /// What a pass over the lost jobs found.
    struct Rescue: Sendable, Equatable {
        /// Available again, with the attempt charged: a job that kills its workers must come to an end.
        var returned: [Int64] = []
        /// It was their last attempt.
        var dead: [Int64] = []
    }

    /// Takes jobs from workers whose heartbeats stopped, in one statement.
    ///
    /// Every worker does this for all: a row locked by another rescuer, or by the lost worker's own completion, is
    /// skipped.
    static func rescue(in session: isolated Session) throws -> Rescue {
        let rows = try session.rows(
            """
            WITH lost AS MATERIALIZED (
                SELECT job_id, attempt_count >= max_attempt_count AS exhausted
                  FROM queue.job
                 WHERE state = 'running' AND lease_until < statement_timestamp()
                 ORDER BY job_id
                 LIMIT \(rescueLimit)::bigint
                   FOR UPDATE SKIP LOCKED
            ), failed AS (
                INSERT INTO queue.failure (lease_epoch, job_id, attempt_count, reason)
                SELECT job.lease_epoch, job.job_id, job.attempt_count, 'worker lost: ' || job.worker_name
                  FROM queue.job JOIN lost USING (job_id)
            ), buried AS (
                DELETE FROM queue.job USING lost WHERE job.job_id = lost.job_id AND lost.exhausted
                RETURNING job.*
            ), kept AS (
                INSERT INTO queue.history (job_id, queue, kind, payload, priority, unique_key, outcome, reason,
                                           attempt_count, lease_epoch, worker_name, run_at, enqueued_at, started_at)
                SELECT job_id, queue, kind, payload, priority, unique_key, 'dead', 'worker lost: ' || worker_name,
                       attempt_count, lease_epoch, worker_name, run_at, enqueued_at, started_at
                  FROM buried
            ), returned AS (
                UPDATE queue.job
                   SET state = 'available', hastened = false,
                       lease_epoch = NULL, lease_until = NULL, worker_name = NULL, started_at = NULL
                  FROM lost
                 WHERE job.job_id = lost.job_id AND NOT lost.exhausted
            )
            SELECT job_id, exhausted FROM lost
            """
        )
        var rescue = Rescue()
        for row in rows {
            let jobID = try row.decode("job_id", as: Int64.self)
            if try row.decode("exhausted", as: Bool.self) {
                rescue.dead.append(jobID)
            } else {
                rescue.returned.append(jobID)
            }
        }
        return rescue
    }
}
