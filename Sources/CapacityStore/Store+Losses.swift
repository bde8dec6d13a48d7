package import CapacityModel
package import Postgres

/// What an order lost with a site.
package struct OrderLoss: Hashable, Sendable {
    package var order: OrderID
    package var tenant: String
    /// Instances that were given up.
    package var lost: Int
    /// Of them, how many its spare stands in for, or will once it is delivered.
    package var covered: Int
}

/// What was lost with a site, in all.
package struct SiteLoss: Hashable, Sendable {
    /// The orders with the lowest ids, no more than were asked for.
    package var listed: [OrderLoss]
    /// Of all, also of those that `listed` leaves out.
    package var orders: Int
    package var lost: Int
    package var covered: Int
    /// Instances that no agent has said are gone, and whose own end has not passed.
    package var unstopped: Int
}

/// Statements by which what was at a lost site is given up.
extension Store {
    /// Up to `limit` orders after `after` that have instances at a lost site, begun or begun within `notice`; locked. Together they
    /// have no more than `instances` there, but for the last of them.
    package static func ordersToGiveUp(
        after: OrderID?, limit: Int, instances: Int, notice: Duration, in session: isolated Session
    ) throws -> [OrderID] {
        guard try hasLostSite(in: session) else { return [] }
        let ids = try session.rows(
            """
            SELECT order_id
              FROM (SELECT r.order_id, sum(r.live_count - r.spare_count) AS count,
                           sum(sum(r.live_count - r.spare_count)) OVER (ORDER BY r.order_id) AS all_so_far
                      FROM muster.closure c
                      JOIN muster.host h ON h.site_id = c.site_id
                      JOIN muster.reservation r ON r.host_id = h.host_id AND r.live_count > r.spare_count
                     WHERE c.kind = 'loss'
                       AND c.lifted_at IS NULL
                       AND r.order_id > \(after?.rawValue ?? 0)
                       AND lower(r.held) <= muster.now() + make_interval(secs => \(notice.wholeSeconds))
                     GROUP BY r.order_id
                     ORDER BY r.order_id
                     LIMIT \(limit)) o
             WHERE all_so_far - count < \(instances)
             ORDER BY order_id
            """
        ).map { try $0.int64("order_id") }
        guard !ids.isEmpty else { return [] }
        try session.execute(
            "SELECT 1 FROM muster.\"order\" WHERE order_id = ANY (\(ids)) ORDER BY order_id FOR NO KEY UPDATE")
        return ids.map { OrderID(rawValue: $0) }
    }

    /// Whether any site is lost now. Mostly none is, and nothing more need be asked.
    package static func hasLostSite(in session: isolated Session) throws -> Bool {
        try session.rows(
            "SELECT EXISTS (SELECT FROM muster.closure WHERE kind = 'loss' AND lifted_at IS NULL) AS any_lost"
        )[0].decode("any_lost", as: Bool.self)
    }

    /// Gives up what locked orders have at lost sites: instances that begun, or begin within `notice`, have failed, those that were
    /// being stopped are over. Each is told its agent as one to stop, should that ever ask again. Returns the sites, and how many it were.
    ///
    /// - Parameter limit: Of more than so many, the rest is left for another call; all of them where it is `nil`.
    package static func giveUp(
        _ orders: [OrderID], notice: Duration, limit: Int? = nil, in session: isolated Session
    ) throws -> (sites: [SiteID], count: Int) {
        guard !orders.isEmpty else { return ([], 0) }
        // A closure is shared until the commit, so that it is not lifted in between.
        try session.execute("SELECT 1 FROM muster.closure WHERE kind = 'loss' AND lifted_at IS NULL FOR SHARE")
        let count = try noteLosses(orders, notice: notice, limit: limit, in: session)
        let sites = try handOver(
            where: """
                i.order_id = ANY (\(orders.map(\.rawValue)))
                AND i.state NOT IN ('released', 'failed')
                AND EXISTS (SELECT FROM muster.lost_instance l WHERE l.instance_id = i.instance_id)
                """,
            setting: """
                state = CASE i.state WHEN 'releasing' THEN 'released' ELSE 'failed' END, desire = 'stop',
                stopped_at = (SELECT l.lost_at FROM muster.lost_instance l WHERE l.instance_id = i.instance_id),
                message = 'its site was declared lost'
                """,
            in: session
        )
        try countLost(orders, in: session)
        return (sites, count)
    }

    /// Writes down what is about to be given up; how many instances it is.
    private static func noteLosses(
        _ orders: [OrderID], notice: Duration, limit: Int?, in session: isolated Session
    ) throws -> Int {
        try session.rows(
            """
            WITH lost AS MATERIALIZED (
                SELECT i.instance_id, i.order_id, i.site_id, i.state, c.closure_id, upper(r.held) AS held_until,
                       greatest(c.created_at, i.state_since) AS lost_at
                  FROM muster.closure c
                  JOIN muster.instance i ON i.site_id = c.site_id
                  JOIN muster.reservation r ON r.reservation_id = i.reservation_id
                 WHERE c.kind = 'loss'
                   AND c.lifted_at IS NULL
                   AND i.order_id = ANY (\(orders.map(\.rawValue)))
                   AND i.state NOT IN ('released', 'failed')
                   AND (i.state <> 'planned'
                        OR lower(r.held) <= muster.now() + make_interval(secs => \(notice.wholeSeconds)))
                 ORDER BY i.order_id, i.instance_id
                 LIMIT \(limit)::bigint
            ), kept AS (
                INSERT INTO muster.lost_instance (instance_id, closure_id, site_id, lost_at, held_until, stopped_at)
                SELECT instance_id, closure_id, site_id, lost_at, held_until,
                       CASE state WHEN 'planned' THEN muster.now() END
                  FROM lost
            ), counted AS (
                INSERT INTO muster.order_loss (closure_id, order_id, lost_count, covered_count, missing_count)
                SELECT closure_id, order_id, count(*), 0, count(*)
                  FROM lost
                 WHERE state <> 'releasing'
                 GROUP BY closure_id, order_id
                ON CONFLICT (closure_id, order_id) DO UPDATE
                   SET lost_count = order_loss.lost_count + excluded.lost_count,
                       missing_count = order_loss.missing_count + excluded.missing_count
            )
            SELECT count(*) AS count FROM lost
            """
        )[0].int("count")
    }

    /// Says at the orders how many of their failed instances were lost.
    private static func countLost(_ orders: [OrderID], in session: isolated Session) throws {
        try session.execute(
            """
            UPDATE muster."order" o
               SET lost_count = l.count
              FROM (SELECT order_id, sum(lost_count)::integer AS count
                      FROM muster.order_loss WHERE order_id = ANY (\(orders.map(\.rawValue))) GROUP BY order_id) l
             WHERE l.order_id = o.order_id
               AND o.lost_count <> l.count
            """
        )
    }

    /// Writes down that `count` of a locked order's instances are made up for, by spare or by others: what was lost first comes first.
    package static func makeUpForLosses(
        _ count: Int, of id: OrderID, bySpare isSpare: Bool, in session: isolated Session
    ) throws {
        try session.execute(
            """
            UPDATE muster.order_loss l
               SET missing_count = l.missing_count - m.count,
                   covered_count = l.covered_count + CASE \(isSpare ? "spare" : "others") WHEN 'spare' THEN m.count ELSE 0 END
              FROM (SELECT closure_id,
                           least(missing_count, \(count) - (sum(missing_count) OVER (ORDER BY closure_id) - missing_count))
                               AS count
                      FROM muster.order_loss WHERE order_id = \(id.rawValue) AND missing_count > 0) m
             WHERE l.order_id = \(id.rawValue)
               AND l.closure_id = m.closure_id
               AND m.count > 0
            """
        )
    }

    /// Of a loss `l`: for how many of those that are missing spare is about to be delivered. What could be started elsewhere goes
    /// to what was lost first.
    private static var expectedSpare: Statement {
        """
        SELECT CASE WHEN l.missing_count = 0 THEN 0
                    ELSE (SELECT greatest(0, least(l.missing_count, coalesce(sum(r.spare_count), 0)::integer
                                 - (SELECT coalesce(sum(b.missing_count), 0)::integer FROM muster.order_loss b
                                     WHERE b.order_id = l.order_id AND b.missing_count > 0
                                       AND b.closure_id < l.closure_id)))
                            FROM muster.reservation r
                           WHERE r.order_id = l.order_id
                             AND r.spare_count > 0
                             AND upper(r.held) > muster.now()
                             AND \(statement: isUsable)
                             AND NOT EXISTS (SELECT FROM muster.instance f
                                              WHERE f.order_id = l.order_id AND f.host_id = r.host_id
                                                AND \(statement: failedThere))) END AS count
        """
    }

    /// Of an instance `f`: it failed where it was, and not with its whole site.
    static var failedThere: Statement {
        "f.state = 'failed' AND NOT EXISTS (SELECT FROM muster.lost_instance g WHERE g.instance_id = f.instance_id)"
    }

    /// What was lost with the closure `id`; nothing where it is no loss.
    package func loss(of id: ClosureID, fence: Duration, limit: Int) async throws(StoreError) -> SiteLoss {
        try await read { session in
            let rows = try session.rows(
                """
                SELECT l.order_id, t.name AS tenant, l.lost_count, l.covered_count + e.count AS covered_count,
                       count(*) OVER () AS orders, sum(l.lost_count) OVER ()::bigint AS lost,
                       sum(l.covered_count + e.count) OVER ()::bigint AS covered
                  FROM muster.order_loss l
                  JOIN muster."order" o USING (order_id)
                  JOIN muster.tenant t USING (tenant_id)
                 CROSS JOIN LATERAL (\(statement: Store.expectedSpare)) e
                 WHERE l.closure_id = \(id.rawValue)
                 ORDER BY l.order_id
                 LIMIT \(limit)
                """
            )
            return SiteLoss(
                listed: try rows.map { row in
                    OrderLoss(
                        order: OrderID(rawValue: try row.int64("order_id")), tenant: try row.text("tenant"),
                        lost: try row.int("lost_count"), covered: try row.int("covered_count"))
                },
                orders: try rows.first?.int("orders") ?? 0,
                lost: try rows.first?.int("lost") ?? 0,
                covered: try rows.first?.int("covered") ?? 0,
                unstopped: try Store.unstopped(of: id, fence: fence, in: session)
            )
        }
    }

    /// How many instances that were given up with the closure `id` may run still: no agent said that they are gone, and their own
    /// end was not `fence` ago.
    package static func unstopped(
        of id: ClosureID, fence: Duration, in session: isolated Session
    ) throws -> Int {
        try session.rows(
            """
            SELECT count(*) AS count
              FROM muster.lost_instance
             WHERE closure_id = \(id.rawValue)
               AND stopped_at IS NULL
               AND held_until >= muster.now() - make_interval(secs => \(fence.wholeSeconds))
            """
        )[0].int("count")
    }
}
