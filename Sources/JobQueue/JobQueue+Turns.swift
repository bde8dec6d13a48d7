import Postgres

extension JobQueue {
    /// How far the lane of `job`, a row with a queue and a priority, has come: just behind what it serves, or now where it
    /// has no clock of its own.
    ///
    /// Where tenants wait a lane's clock lies behind, as far as its backlog is long. A job that came by the real one would
    /// wait until the lane runs dry, which one that is always busy never does.
    static func laneClock(of job: Statement) -> Statement {
        """
        coalesce(\(statement: toldClock(of: job)), queue.now())
        """
    }

    private static func toldClock(of job: Statement) -> Statement {
        toldClock("\(statement: job).queue", "\(statement: job).priority")
    }

    /// Just behind what the lane of `queue` and `priority`, expressions, serves; NULL where it has no clock of its own.
    static func toldClock(_ queue: Statement, _ priority: Statement) -> Statement {
        """
        (SELECT last.served_at + interval '1 microsecond'
           FROM (\(statement: lastTold(queue, priority))) AS last WHERE NOT last.dry)
        """
    }

    /// What was told last of a lane. From the end of the index: what lies before it may be dead and many.
    static func lastTold(_ queue: Statement, _ priority: Statement) -> Statement {
        """
        SELECT ctid AS row, served_at, dry FROM queue.lane
         WHERE lane.queue = \(statement: queue) AND lane.priority = \(statement: priority)
         ORDER BY told DESC LIMIT 1
        """
    }

    /// The turn of the first job that waits in the lane of `job`, NULL where none does or `job` has no tenant.
    ///
    /// It is looked for behind where the lane ran dry: what was claimed before is not read. Leases are read only where there
    /// is something behind.
    private static func head(of job: Statement) -> Statement {
        """
        (SELECT first.turn_at
           FROM queue.job AS first
          WHERE first.state = 'available' AND first.queue = \(statement: job).queue
            AND first.priority = \(statement: job).priority AND \(statement: job).tenant IS NOT NULL
            AND first.turn_at > coalesce(
                    (SELECT served_at FROM (\(statement: lastTold(
                        "\(statement: job).queue", "\(statement: job).priority"))) AS last), '-infinity')
            AND (first.job_id, first.revision) NOT IN (SELECT job_id, revision FROM queue.leased)
          ORDER BY first.turn_at LIMIT 1)
        """
    }

    /// The turn of `job`, a row that may have a tenant, when it comes to wait now: behind its tenant's last waiting job, and
    /// not before what its lane serves, or is to serve first where no worker has told of it yet.
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
           FROM (SELECT coalesce(\(statement: toldClock(of: job)), \(statement: head(of: job)), queue.now()) AS at
                 OFFSET 0) AS clock)
        """
    }
}
