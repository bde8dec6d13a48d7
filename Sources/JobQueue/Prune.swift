import Postgres

/// How long finished work can still be looked at.
public struct Retention: Sendable, Equatable {
    /// Jobs that are done, discarded or cancelled.
    public var finished: Duration
    /// Dead jobs, and the reasons of failed attempts.
    public var dead: Duration

    public init(finished: Duration = .seconds(7 * 86_400), dead: Duration = .seconds(90 * 86_400)) {
        self.finished = finished
        self.dead = dead
    }
}

extension JobQueue {
    /// Rows of each kind forgotten at most at a time, so that no pass holds a long transaction.
    static let pruneLimit = 2_000

    /// Forgets what is older than `retention`, oldest first, and returns how many rows that were.
    ///
    /// As many as ``pruneLimit`` or more means that there may be more.
    static func prune(_ retention: Retention, in session: isolated Session) throws -> Int {
        let finished = retention.finished.wholeMicroseconds
        let dead = retention.dead.wholeMicroseconds
        return try session.rows(
            """
            WITH old_finished AS MATERIALIZED (
                SELECT job_id FROM queue.history
                 WHERE outcome <> 'dead' AND finished_at < queue.now() - \(finished)::bigint * interval '1 microsecond'
                 ORDER BY finished_at LIMIT \(pruneLimit)::bigint FOR UPDATE SKIP LOCKED
            ), old_dead AS MATERIALIZED (
                SELECT job_id FROM queue.history
                 WHERE outcome = 'dead' AND finished_at < queue.now() - \(dead)::bigint * interval '1 microsecond'
                 ORDER BY finished_at LIMIT \(pruneLimit)::bigint FOR UPDATE SKIP LOCKED
            ), old_failure AS MATERIALIZED (
                SELECT lease_epoch FROM queue.failure
                 WHERE failed_at < queue.now() - \(dead)::bigint * interval '1 microsecond'
                 ORDER BY failed_at LIMIT \(pruneLimit)::bigint FOR UPDATE SKIP LOCKED
            ), forgotten AS (
                DELETE FROM queue.history
                 USING (TABLE old_finished UNION ALL TABLE old_dead) AS old
                 WHERE history.job_id = old.job_id
                RETURNING history.job_id
            ), forgotten_failure AS (
                DELETE FROM queue.failure USING old_failure WHERE failure.lease_epoch = old_failure.lease_epoch
                RETURNING failure.lease_epoch
            )
            SELECT (SELECT count(*) FROM forgotten) + (SELECT count(*) FROM forgotten_failure) AS row_count
            """
        ).first?.decode("row_count") ?? 0
    }
}
