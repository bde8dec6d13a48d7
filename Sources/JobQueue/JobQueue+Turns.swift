import Postgres

extension JobQueue {
    /// How far the lane of `job`, a row with a queue and a priority, has come: just behind what it serves, or now where it
    /// has no clock of its own.
    ///
    /// Where tenants wait a lane's clock lies behind, as far as its backlog is long. A job that came by the real one would
    /// wait until the lane runs dry, which one that is always busy never does.
    static func laneClock(of job: Statement) -> Statement {
        """
        coalesce((SELECT served_at + interval '1 microsecond' FROM queue.lane
                   WHERE lane.queue = \(statement: job).queue AND lane.priority = \(statement: job).priority), queue.now())
        """
    }

    /// The turn of `job`, a row that may have a tenant, when it comes to wait now: behind its tenant's last waiting job, and
    /// not before what its lane serves.
    ///
    /// What waits before the lane's clock decides nothing, so the rows that were claimed there are not read.
    static func nextTurn(of job: Statement) -> Statement {
        """
        (SELECT greatest(clock.at, (
                    SELECT last.turn_at + interval '1 microsecond'
                      FROM queue.job AS last
                     WHERE last.state = 'available' AND last.queue = \(statement: job).queue
                       AND last.priority = \(statement: job).priority AND last.tenant = \(statement: job).tenant
                       AND last.turn_at >= clock.at
                     ORDER BY last.turn_at DESC LIMIT 1))
           FROM (SELECT \(statement: laneClock(of: job)) AS at OFFSET 0) AS clock)
        """
    }
}
