import Postgres

extension JobQueue {
    /// What an enqueueing statement writes, in the order of ``newJobs(_:)``.
    static let storedColumns: Statement = """
        queue, kind, payload, payload_version, priority, max_attempt_count, unique_key, tenant, trace, timeout, run_at,
        turn_at, state
        """

    /// The common table expressions that make `jobs` the rows of `new`, each with its place, which begins at 1.
    ///
    /// A turn begins with what the lane is serving, which is now where no tenants wait, or when the job is due. That of a
    /// tenant follows the tenant's last waiting job as well: so a tenant's hundred thousand jobs lie one behind the other,
    /// and the one job of another tenant beside the first of those that are left.
    static func newJobs(_ jobs: [Job]) -> Statement {
        jobs.contains { $0.tenant != nil } ? turned(jobs) : timely(jobs)
    }

    private static func timely(_ jobs: [Job]) -> Statement {
        """
        new AS (
            SELECT asked.*,
                   CASE WHEN asked.state = 'scheduled' THEN asked.run_at ELSE \(statement: laneClock(of: "asked"))
                    END AS turn_at
              FROM (\(statement: asked(jobs))) AS asked
        )
        """
    }

    private static func turned(_ jobs: [Job]) -> Statement {
        """
        asked AS MATERIALIZED (\(statement: asked(jobs))
        ), joined AS MATERIALIZED (
            SELECT waiting.*, \(statement: nextTurn(of: "waiting")) AS at
              FROM (SELECT DISTINCT queue, priority, tenant FROM asked WHERE tenant IS NOT NULL) AS waiting
        ), new AS (
            SELECT asked.*,
                   CASE WHEN asked.state = 'scheduled' THEN asked.run_at
                        WHEN asked.tenant IS NULL THEN \(statement: laneClock(of: "asked"))
                        ELSE joined.at + interval '1 microsecond'
                           * row_number() OVER (PARTITION BY queue, priority, tenant, asked.state ORDER BY place)
                    END AS turn_at
              FROM asked LEFT JOIN joined USING (queue, priority, tenant)
        )
        """
    }

    private static func asked(_ jobs: [Job]) -> Statement {
        """
        SELECT asked.queue, asked.kind, asked.payload::jsonb AS payload, asked.payload_version::smallint AS payload_version,
               asked.priority::smallint AS priority, asked.max_attempt_count::integer AS max_attempt_count,
               asked.unique_key, asked.tenant, asked.trace, asked.timeout * interval '1 microsecond' AS timeout,
               coalesce(asked.run_at, queue.now()) AS run_at,
               CASE WHEN asked.run_at > queue.now() THEN 'scheduled' ELSE 'available' END AS state,
               asked.place
          FROM unnest(\(jobs.map(\.queue))::text[], \(jobs.map(\.kind))::text[], \(jobs.map(\.payload))::text[],
                      \(jobs.map(\.payloadVersion))::bigint[], \(jobs.map(\.priority))::bigint[],
                      \(jobs.map(\.maxAttempts))::bigint[], \(jobs.map { $0.uniqueness?.key })::text[],
                      \(jobs.map(\.tenant))::text[], \(jobs.map(\.trace))::text[],
                      \(jobs.map { $0.timeout?.wholeMicroseconds })::bigint[], \(jobs.map(\.runAt))::timestamptz[])
               WITH ORDINALITY
               AS asked (queue, kind, payload, payload_version, priority, max_attempt_count, unique_key, tenant, trace,
                         timeout, run_at, place)
        """
    }
}
