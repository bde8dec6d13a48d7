import Postgres

/// How long finished work can still be looked at.
public struct Retention: Sendable, Equatable {
    /// Jobs that are done, discarded or cancelled; forgotten by whole days of UTC.
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
    /// Passes at most in a row. A queue that is rung without a pause leaves 6,000 rows a minute.
    static let pruneRounds = 100

    /// Days made or dropped at most in a row.
    static let tendLimit = 40

    /// Makes room for one of the days to come, or drops one that is older than `retention`, and says which; `nil` where there
    /// is nothing to do. One at a time, because what it locks is locked until its transaction ends.
    static func tendHistory(_ retention: Retention, in session: isolated Session) throws -> String? {
        try session.rows(
            """
            SELECT queue.tend_history(\(retention.finished.wholeMicroseconds)::bigint * interval '1 microsecond') AS change
            """
        ).first?.decode("change", as: String?.self) ?? nil
    }

    /// Forgets what is older than `retention` and not kept by the day, oldest first, and returns how many rows that were.
    ///
    /// As many as ``pruneLimit`` or more means that there may be more.
    static func prune(_ retention: Retention, in session: isolated Session) throws -> Int {
        let (dead, finished) = (retention.dead.wholeMicroseconds, retention.finished.wholeMicroseconds)
        return try session.rows(
            """
            WITH old_dead AS MATERIALIZED (
                SELECT job_id FROM queue.history_dead
                 WHERE finished_at < queue.now() - \(dead)::bigint * interval '1 microsecond'
                 ORDER BY finished_at LIMIT \(pruneLimit)::bigint FOR UPDATE SKIP LOCKED
            ), old_other AS MATERIALIZED (
                SELECT job_id, finished_at FROM queue.history_other
                 WHERE finished_at < queue.now() - \(finished)::bigint * interval '1 microsecond'
                 ORDER BY finished_at LIMIT \(pruneLimit)::bigint FOR UPDATE SKIP LOCKED
            ), old_failure AS MATERIALIZED (
                SELECT job_id, lease_epoch FROM queue.failure
                 WHERE failed_at < queue.now() - \(dead)::bigint * interval '1 microsecond'
                 ORDER BY failed_at LIMIT \(pruneLimit)::bigint FOR UPDATE SKIP LOCKED
            ), old_window AS MATERIALIZED (
                SELECT unique_key FROM queue.unique_window
                 WHERE until_at <= queue.now()
                 ORDER BY until_at LIMIT \(pruneLimit)::bigint FOR UPDATE SKIP LOCKED
            ), forgotten_dead AS (
                DELETE FROM queue.history_dead USING old_dead WHERE history_dead.job_id = old_dead.job_id
                RETURNING 1
            ), forgotten_other AS (
                DELETE FROM queue.history_other USING old_other
                 WHERE history_other.job_id = old_other.job_id AND history_other.finished_at = old_other.finished_at
                RETURNING 1
            ), forgotten_failure AS (
                DELETE FROM queue.failure USING old_failure
                 WHERE failure.job_id = old_failure.job_id AND failure.lease_epoch = old_failure.lease_epoch
                RETURNING 1
            ), forgotten_window AS (
                DELETE FROM queue.unique_window USING old_window
                 WHERE unique_window.unique_key = old_window.unique_key
                RETURNING 1
            )
            SELECT (SELECT count(*) FROM forgotten_dead) + (SELECT count(*) FROM forgotten_other)
                 + (SELECT count(*) FROM forgotten_failure) + (SELECT count(*) FROM forgotten_window) AS row_count
            """
        ).first?.decode("row_count") ?? 0
    }

    /// What was forgotten of the moments in which queues were notified of.
    struct ForgottenWakes: Sendable {
        let count: Int
        /// Where the next pass begins: before it are only dead rows, which stay where somebody holds an old snapshot.
        let floor: Instant?
    }

    /// Forgets moments that nobody can meet any more, from `floor` on.
    static func pruneWakes(from floor: Instant?, in session: isolated Session) throws -> ForgottenWakes {
        let rows = try session.rows(
            """
            WITH forgotten AS (
                DELETE FROM queue.wake
                 WHERE ctid = ANY(ARRAY (
                    SELECT ctid FROM queue.wake
                     WHERE rung_at >= coalesce(\(floor)::timestamptz, '-infinity')
                       AND rung_at < statement_timestamp() - interval '1 second'
                     ORDER BY rung_at
                     LIMIT \(pruneLimit)::bigint FOR UPDATE SKIP LOCKED))
                RETURNING rung_at
            )
            SELECT count(*), max(rung_at) FROM forgotten
            """
        )
        return ForgottenWakes(count: try rows[0].decode(0), floor: try rows[0].decode(1, as: Instant?.self) ?? floor)
    }
}
