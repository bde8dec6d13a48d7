package import CapacityModel
package import Postgres

/// Orders that reports touched, and those whose reconciler has something to do now.
package struct ObservedOrders: Hashable, Sendable {
    package var touched: [OrderID]
    package var due: [OrderID]
    /// Whether capacity came free.
    package var freed: Bool
}

extension Store {
    /// Moves instances by what their agents saw. An observation of an older epoch, of another site's instance, or
    /// without an arrow from the present state changes nothing, but that what was given up with its site is gone is noted.
    ///
    /// The arrows are those of ``Instance/State``: the table is sent along, so that it stands written in one place.
    package static func observe(_ reports: [SiteReport], in session: isolated Session) throws -> ObservedOrders {
        let seen = reports.flatMap { report in report.observations.map { (site: report.site, what: $0) } }
        guard !seen.isEmpty else { return ObservedOrders(touched: [], due: [], freed: false) }
        try lockOrders(of: seen.map(\.what.instance), in: session)

        // No agent knows of what is planned.
        let arrows = Instance.State.allCases.filter { $0 != .planned }.flatMap { state in
            Instance.Event.allCases.compactMap { event in state.after(event).map { (state, event, $0) } }
        }
        // Several sightings of one instance are folded into one move: the last one decides, and the first `ready` among
        // them is when it became ready. One that stopped before the end without being told has failed: an extension
        // may reach its agent too late.
        let rows = try session.rows(
            """
            WITH seen AS (
                SELECT *
                  FROM unnest(\(seen.map(\.site)), \(seen.map(\.what.instance.rawValue)), \(seen.map(\.what.epoch)),
                              \(seen.map(\.what.event.rawValue)), \(seen.map(\.what.at.postgres)),
                              \(seen.map(\.what.address)), \(seen.map(\.what.message)),
                              \(seen.map(\.what.code?.rawValue)))
                       WITH ORDINALITY AS s (site, instance_id, epoch, event, at, address, message, code, position)
            ), folded AS (
                SELECT s.instance_id,
                       (array_agg(CASE WHEN s.event = 'stopped' AND i.desire = 'run'
                                        AND s.at < o.window_end - interval '1 second'
                                       THEN 'fail' ELSE s.event END ORDER BY s.position DESC))[1] AS event,
                       (array_agg(s.at ORDER BY s.position DESC))[1] AS at,
                       min(s.at) FILTER (WHERE s.event = 'ready') AS ready_at,
                       (array_agg(s.address ORDER BY s.position DESC) FILTER (WHERE s.address IS NOT NULL))[1] AS address,
                       (array_agg(s.message ORDER BY s.position DESC) FILTER (WHERE s.message IS NOT NULL))[1] AS message,
                       (array_agg(s.code ORDER BY s.position DESC))[1] AS code
                  FROM seen s
                  JOIN muster.site site ON site.name = s.site
                  JOIN muster.instance i
                    ON i.instance_id = s.instance_id AND i.epoch = s.epoch AND i.site_id = site.site_id
                  JOIN muster."order" o ON o.order_id = i.order_id
                 GROUP BY s.instance_id
            ), arrow AS (
                SELECT *
                  FROM unnest(\(arrows.map(\.0.rawValue)), \(arrows.map(\.1.rawValue)), \(arrows.map(\.2.rawValue)))
                       AS a (from_state, event, to_state)
            ), gone AS (
                UPDATE muster.lost_instance l
                   SET stopped_at = muster.now()
                  FROM seen s
                  JOIN muster.site site ON site.name = s.site
                 WHERE l.instance_id = s.instance_id
                   AND l.site_id = site.site_id
                   AND l.stopped_at IS NULL
                   AND s.event IN ('stopped', 'fail')
            )
            UPDATE muster.instance i
               SET state = a.to_state,
                   state_since = muster.now(),
                   ready_at = coalesce(i.ready_at, CASE WHEN f.ready_at IS NOT NULL
                                                    THEN least(f.ready_at, muster.now()) END),
                   stopped_at = CASE WHEN a.to_state IN ('released', 'failed') THEN least(f.at, muster.now()) END,
                   address = coalesce(f.address, i.address),
                   message = coalesce(f.message, i.message),
                   failure_code = CASE WHEN a.to_state = 'failed' THEN f.code END
              FROM folded f, arrow a
             WHERE i.instance_id = f.instance_id
               AND a.from_state = i.state
               AND a.event = f.event
            RETURNING i.order_id, i.stopped_at IS NOT NULL AS freed
            """
        )
        let touched = Set(try rows.map { OrderID(rawValue: try $0.int64("order_id")) }).sorted()
        let freed = try rows.contains { try $0.decode("freed", as: Bool.self) }
        return ObservedOrders(touched: touched, due: try due(among: touched, in: session), freed: freed)
    }

    /// Everything that moves instances takes their orders first, in the order of their ids.
    private static func lockOrders(of instances: [InstanceID], in session: isolated Session) throws {
        try session.execute(
            """
            SELECT 1 FROM muster."order"
             WHERE order_id IN (SELECT order_id FROM muster.instance
                                 WHERE instance_id = ANY (\(instances.map(\.rawValue))))
             ORDER BY order_id FOR NO KEY UPDATE
            """
        )
    }

    /// Something failed, the last one is ready, the last one is gone, or something moves.
    private static func due(among orders: [OrderID], in session: isolated Session) throws -> [OrderID] {
        guard !orders.isEmpty else { return [] }
        return try session.rows(
            """
            SELECT order_id
              FROM muster."order"
             WHERE order_id = ANY (\(orders.map(\.rawValue)))
               AND (waiting_count > 0
                    OR state = 'delivering' AND planned_count + assigned_count + starting_count = 0
                    OR state = 'releasing' AND reserved_count = released_count
                    OR EXISTS (SELECT FROM muster.instance_move m
                                WHERE m.order_id = "order".order_id AND m.ended_at IS NULL))
             ORDER BY order_id
            """
        ).map { OrderID(rawValue: try $0.int64("order_id")) }
    }
}
