import Postgres

/// What a pass over the running jobs found.
struct Rescue: Sendable, Equatable {
    /// Available again, with the attempt charged: a job that kills its workers must come to an end.
    var returned: [Int64] = []
    /// It was their last attempt.
    var dead: [Buried] = []

    struct Buried: Sendable, Equatable {
        let jobID: Int64
        let kind: String
    }
}

extension JobQueue {
    /// Lost jobs are rescued at most this many at a time.
    static let rescueLimit = 500

    /// Takes jobs of `queues` from workers whose heartbeats stopped, in one guarded statement; leases with a beat below `lowestBeat`
    /// are not looked at. A lease that names nothing any more is forgotten.
    ///
    /// Every worker does this for all: a lease locked by another rescuer, or by the lost worker's own completion, is
    /// skipped.
    static func rescue(
        in queues: [String], from lowestBeat: Int64 = 0, session: isolated Session
    ) throws -> Rescue {
        var rescue = Rescue()
        let statements = ["SELECT \(statement: lookupSettings)", rescuing(queues, from: lowestBeat)]
        for row in try session.pipeline(statements)[1] {
            let jobID = try row.decode("job_id", as: Int64.self)
            if try row.decode("exhausted", as: Bool.self) {
                rescue.dead.append(Rescue.Buried(jobID: jobID, kind: try row.decode("kind")))
            } else {
                rescue.returned.append(jobID)
            }
        }
        return rescue
    }

    private static func rescuing(_ queues: [String], from lowestBeat: Int64) -> Statement {
        """
        WITH ended AS MATERIALIZED (
            SELECT *
              FROM queue.lease
             WHERE lease_epoch = ANY(ARRAY (
                    SELECT lease_epoch FROM queue.lease
                     WHERE queue = ANY(\(queues)::text[]) AND beat >= \(lowestBeat)))
               AND lease_until < statement_timestamp()
             ORDER BY lease_epoch
             LIMIT \(rescueLimit)::bigint
               FOR UPDATE SKIP LOCKED
        ), counted AS (
            SELECT ended.*, sum(cardinality(job_ids)) OVER (ORDER BY lease_epoch) - cardinality(job_ids) AS before
              FROM ended
        ), reached AS MATERIALIZED (
            SELECT * FROM counted WHERE before < \(rescueLimit)::bigint
        ), named AS MATERIALIZED (
            SELECT job_id, job.revision, reached.lease_epoch
              FROM reached
             CROSS JOIN LATERAL unnest(job_ids, revisions) AS named (job_id, revision)
              JOIN queue.job USING (job_id, revision)
             WHERE job.job_id = ANY(ARRAY (SELECT unnest(job_ids) FROM reached))
        ), lost AS MATERIALIZED (
            SELECT job.job_id, job.kind, reached.lease_epoch, reached.worker_name, reached.started_at,
                   job.attempt_count + 1 AS attempt, job.attempt_count + 1 >= job.max_attempt_count AS exhausted
              FROM named
              JOIN reached USING (lease_epoch)
              JOIN queue.job USING (job_id, revision)
             WHERE job.job_id = ANY(ARRAY (SELECT job_id FROM named))
             ORDER BY job.job_id
             LIMIT \(rescueLimit)::bigint
               FOR UPDATE OF job SKIP LOCKED
        ), failed AS (
            INSERT INTO queue.failure (lease_epoch, job_id, attempt_count, reason)
            SELECT lease_epoch, job_id, attempt, 'worker lost: ' || worker_name FROM lost
        ), buried AS (
            DELETE FROM queue.job
             USING lost
             WHERE job.job_id = lost.job_id AND job.job_id = ANY(ARRAY (SELECT job_id FROM lost WHERE exhausted))
            RETURNING job.*, lost.lease_epoch, lost.worker_name, lost.started_at
        ), kept AS (
            \(statement: remembering("buried", outcome: "'dead'", reason: "'worker lost: ' || worker_name"))
        ), returned AS (
            UPDATE queue.job
               SET attempt_count = lost.attempt, revision = nextval('queue.lease_epoch'),
                   turn_at = \(statement: nextTurn(of: "job")), progress = NULL, progress_note = NULL
              FROM lost
             WHERE job.job_id = lost.job_id AND job.job_id = ANY(ARRAY (SELECT job_id FROM lost WHERE NOT exhausted))
        ), emptied AS (
            -- What somebody has locked, or was more than the limit, keeps its lease for the next time.
            DELETE FROM queue.lease USING reached
             WHERE lease.lease_epoch = reached.lease_epoch
               AND lease.lease_epoch = ANY(ARRAY (SELECT lease_epoch FROM reached))
               AND NOT EXISTS (SELECT FROM named
                                WHERE named.lease_epoch = reached.lease_epoch
                                  AND named.job_id NOT IN (SELECT job_id FROM lost))
        )
        SELECT job_id, kind, exhausted FROM lost
        """
    }
}
