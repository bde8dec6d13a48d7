import Postgres

/// What a pass over the running jobs found.
struct Rescue: Sendable, Equatable {
    /// Available again, with the attempt charged: a job that kills its workers must come to an end.
    var returned: [Int64] = []
    /// It was their last attempt.
    var dead: [Int64] = []
    /// No running job has a lower epoch than this; the last number drawn where none runs.
    var lowestEpoch: Int64 = 0
    /// The last number drawn when the pass began.
    var lastEpoch: Int64 = 0
}

extension JobQueue {
    /// Lost jobs are rescued at most this many at a time.
    static let rescueLimit = 500

    /// Takes jobs of `queues` from workers whose heartbeats stopped, in one statement; epochs below `lowestEpoch` are
    /// not looked at.
    ///
    /// Every worker does this for all: a row locked by another rescuer, or by the lost worker's own completion, is
    /// skipped.
    static func rescue(
        in queues: [String], from lowestEpoch: Int64 = 0, session: isolated Session
    ) throws -> Rescue {
        let answers = try session.pipeline([
            "SELECT last_value AS last FROM queue.lease_epoch",
            rescuing(queues, from: lowestEpoch),
            """
            SELECT min(job.lease_epoch) AS lowest
              FROM unnest(\(queues)::text[]) AS wanted (queue)
             CROSS JOIN LATERAL (
                SELECT lease_epoch FROM queue.job
                 WHERE state = 'running' AND queue = wanted.queue AND lease_epoch >= \(lowestEpoch)
                 ORDER BY lease_epoch LIMIT 1
             ) AS job
            """,
        ])
        guard answers.count == 3, let last = answers[0].first, let lowest = answers[2].first else { return Rescue() }
        var rescue = Rescue(lastEpoch: try last.decode("last"))
        for row in answers[1] {
            let jobID = try row.decode("job_id", as: Int64.self)
            if try row.decode("exhausted", as: Bool.self) {
                rescue.dead.append(jobID)
            } else {
                rescue.returned.append(jobID)
            }
        }
        rescue.lowestEpoch = try lowest.decode("lowest", as: Int64?.self) ?? rescue.lastEpoch
        return rescue
    }

    private static func rescuing(_ queues: [String], from lowestEpoch: Int64) -> Statement {
        """
        WITH lost AS MATERIALIZED (
            SELECT job_id, attempt_count >= max_attempt_count AS exhausted
              FROM queue.job
             WHERE state = 'running' AND queue = ANY(\(queues)::text[]) AND lease_epoch >= \(lowestEpoch)
               AND lease_until < statement_timestamp()
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
            \(statement: remembering("buried", outcome: "'dead'", reason: "'worker lost: ' || worker_name"))
        ), returned AS (
            UPDATE queue.job
               SET state = 'available', turn_at = \(statement: nextTurn(of: "job")),
                   hastened = false, progress = NULL, progress_note = NULL, lease_epoch = NULL, lease_until = NULL, worker_name = NULL, started_at = NULL
              FROM lost
             WHERE job.job_id = lost.job_id AND NOT lost.exhausted
        )
        SELECT job_id, exhausted FROM lost
        """
    }
}
