import Postgres

extension JobQueue {
    /// Jobs of one state and lane are counted up to here by what asks again and again: at a million waiting jobs, 75 ms
    /// instead of the 1.2 s that 100,000 take.
    static let depthLimit = 10_000
    /// Queues that are looked at.
    static let watchedQueueLimit = 500

    /// The depth of every queue as ``depths(in:)`` has it, counted over indexes and no further than `limit`.
    ///
    /// The oldest available job is the oldest of those that were counted. Each lane is asked by itself, so that its
    /// head is among them.
    static func boundedDepths(limit: Int = depthLimit, in session: isolated Session) throws -> [QueueDepth] {
        try session.rows(
            """
            WITH unfinished AS (
                SELECT name.queue, blocked.count AS blocked, scheduled.count AS scheduled, running.count AS running,
                       available.count AS available, available.oldest_at
                  FROM (SELECT queue FROM queue.name_now LIMIT \(watchedQueueLimit)::bigint) AS name
                 CROSS JOIN LATERAL (\(statement: counted("state = 'blocked'", limit))) AS blocked
                 CROSS JOIN LATERAL (\(statement: counted("state = 'scheduled'", limit))) AS scheduled
                 CROSS JOIN LATERAL (
                    SELECT count(*) FROM queue.running_now WHERE running_now.queue = name.queue
                 ) AS running
                 CROSS JOIN LATERAL (
                    SELECT count(*), min(next.run_at) AS oldest_at
                      FROM generate_series(-4, 4) AS lane (priority)
                     CROSS JOIN LATERAL (
                        SELECT run_at FROM queue.job
                         WHERE state = 'available' AND job.queue = name.queue AND job.priority = lane.priority::smallint
                           AND (job_id, revision) NOT IN (SELECT job_id, revision FROM queue.leased)
                         ORDER BY turn_at, job_id
                         LIMIT \(limit)
                     ) AS next
                 ) AS available
            ), dead AS (
                SELECT queue, count(*)
                  FROM (SELECT queue FROM queue.history WHERE outcome = 'dead' LIMIT \(limit)) AS counted
                 GROUP BY queue
            )
            SELECT queue,
                   paused_at IS NOT NULL    AS paused,
                   coalesce(blocked, 0)     AS blocked_count,
                   coalesce(scheduled, 0)   AS scheduled_count,
                   coalesce(available, 0)   AS available_count,
                   coalesce(running, 0)     AS running_count,
                   coalesce(dead.count, 0)  AS dead_count,
                   extract(epoch FROM queue.now() - oldest_at)::float8 AS oldest_available_seconds
              FROM unfinished
              FULL JOIN dead USING (queue)
              FULL JOIN queue.pause USING (queue)
             ORDER BY queue
            """
        ).map { try QueueDepth($0) }
    }

    /// How many jobs of the queue `name.queue` are in a state, which stands in the text, because only so its index is
    /// found.
    private static func counted(_ inState: Statement, _ limit: Int) -> Statement {
        """
        SELECT count(*) FROM (
            SELECT FROM queue.job WHERE \(statement: inState) AND job.queue = name.queue LIMIT \(limit)
        ) AS counted
        """
    }
}
