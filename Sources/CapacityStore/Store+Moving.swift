package import CapacityModel
package import Postgres

/// Statements by which what has not begun is moved off hosts that drain.
extension Store {
    /// Up to `limit` orders after `after` that have something to move: reserved on a draining host while it is closed, and
    /// not begun within `notice`.
    package static func ordersToMove(
        after: OrderID?, limit: Int, notice: Duration, in session: isolated Session
    ) throws -> [OrderID] {
        try session.rows(
            """
            SELECT DISTINCT r.order_id
              FROM muster.host_closure_now c
              JOIN muster.reservation r ON r.host_id = c.host_id AND r.live_count > 0 AND r.held && c.span
             WHERE c.draining
               AND r.order_id > \(after?.rawValue ?? 0)
               AND lower(r.held) > muster.now() + make_interval(secs => \(notice.wholeSeconds))
             ORDER BY r.order_id
             LIMIT \(limit)
            """
        ).map { OrderID(rawValue: try $0.int64("order_id")) }
    }

    /// Up to `limit` holds after `after` that hold something on a draining host. Nothing runs on a hold, so all of it may move.
    package static func holdsToMove(after: HoldID?, limit: Int, in session: isolated Session) throws -> [HoldID] {
        try session.rows(
            """
            SELECT DISTINCT r.hold_id
              FROM muster.host_closure_now c
              JOIN muster.reservation r ON r.host_id = c.host_id AND r.live_count > 0 AND r.held && c.span
             WHERE c.draining
               AND r.hold_id > \(after?.rawValue ?? 0)
             ORDER BY r.hold_id
             LIMIT \(limit)
            """
        ).map { HoldID(rawValue: try $0.int64("hold_id")) }
    }

    /// Instances of a locked order that no agent knows yet, on hosts that drain, by host.
    package static func toMove(of id: OrderID, in session: isolated Session) throws -> [HostID: Int] {
        try counts(
            session.rows(
                """
                SELECT i.host_id, count(*) AS count
                  FROM muster.instance i
                  JOIN muster.reservation r USING (reservation_id)
                 WHERE i.order_id = \(id.rawValue)
                   AND i.state = 'planned'
                   AND EXISTS (SELECT FROM muster.host_closure_now c
                                WHERE c.host_id = r.host_id AND c.draining AND c.span && r.held)
                 GROUP BY i.host_id
                """
            )
        )
    }

    /// What a locked hold holds on hosts that drain, by host.
    package static func toMove(of id: HoldID, in session: isolated Session) throws -> [HostID: Int] {
        try counts(
            session.rows(
                """
                SELECT r.host_id, sum(r.live_count)::bigint AS count
                  FROM muster.reservation r
                 WHERE r.hold_id = \(id.rawValue)
                   AND r.live_count > 0
                   AND EXISTS (SELECT FROM muster.host_closure_now c
                                WHERE c.host_id = r.host_id AND c.draining AND c.span && r.held)
                 GROUP BY r.host_id
                """
            )
        )
    }

    private static func counts(_ rows: Rows) throws -> [HostID: Int] {
        try rows.reduce(into: [:]) { counts, row in
            counts[HostID(rawValue: try row.int64("host_id"))] = try row.int("count")
        }
    }

    /// Moves planned instances of a locked order: so many off each host of `sources`, onto `groups`. One statement, so that
    /// they are reserved all the time, and no count of the order moves.
    package static func move(
        _ id: OrderID, from sources: [HostID: Int], to groups: [Plan.Group], in session: isolated Session
    ) throws {
        let sources = sources.sorted { $0.key < $1.key }
        try giveUp(sources, of: id, in: session)
        let moved = try session.rows(
            """
            WITH mover AS (
                SELECT instance_id, reservation_id, row_number() OVER (ORDER BY instance_id) AS place
                  FROM (SELECT i.instance_id, i.reservation_id, s.count,
                               row_number() OVER (PARTITION BY i.host_id ORDER BY i.instance_id) AS number
                          FROM muster.instance i
                          JOIN unnest(\(sources.map(\.key.rawValue)), \(sources.map(\.value))) AS s (host_id, count)
                         USING (host_id)
                         WHERE i.order_id = \(id.rawValue)
                           AND i.state = 'planned') candidate
                 WHERE number <= count
            ), taken AS (
                INSERT INTO muster.reservation
                    (order_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib, disk_gib,
                     bandwidth_mbps, gpu_model, gpu_count, gpu_share_milli, gpu_devices)
                SELECT o.order_id, g.host_id,
                       tstzrange(o.window_start - make_interval(secs => o.lead_seconds),
                                 o.window_end + make_interval(secs => o.grace_seconds)),
                       g.count, g.count, o.vcpu_milli, o.memory_mib, o.disk_gib, o.bandwidth_mbps, o.gpu_model,
                       o.gpu_count, o.gpu_share_milli, g.devices::smallint[]
                  FROM unnest(\(groups.map(\.host.rawValue)), \(groups.map(\.count)), \(groups.deviceTexts))
                       AS g (host_id, count, devices)
                  JOIN muster."order" o ON o.order_id = \(id.rawValue)
                 ORDER BY g.host_id, g.devices
             RETURNING reservation_id, host_id, instance_count
            ), seat AS (
                SELECT t.reservation_id, t.host_id, h.site_id, row_number() OVER (ORDER BY t.reservation_id) AS place
                  FROM taken t
                  JOIN muster.host h USING (host_id)
                 CROSS JOIN generate_series(1, t.instance_count)
            ), moved AS (
                UPDATE muster.instance i
                   SET reservation_id = s.reservation_id, host_id = s.host_id, site_id = s.site_id
                  FROM mover m
                  JOIN seat s USING (place)
                 WHERE i.instance_id = m.instance_id
             RETURNING m.reservation_id AS left_id
            ), freed AS (
                UPDATE muster.reservation r
                   SET live_count = r.live_count - l.count,
                       released_at = CASE WHEN r.live_count = l.count THEN muster.now() END
                  FROM (SELECT left_id, count(*)::integer AS count FROM moved GROUP BY left_id) l
                 WHERE r.reservation_id = l.left_id
            )
            SELECT count(*) AS count FROM moved
            """
        )[0].int("count")
        guard moved == groups.reduce(0, { $0 + $1.count }) else { throw StoreError.stale }
    }

    /// Tells the guard of quotas, which sees what a statement adds and not what it gives up, what is about to leave: it asks for
    /// nothing new where it goes under the same quota.
    private static func giveUp(
        _ sources: [(key: HostID, value: Int)], of id: OrderID, in session: isolated Session
    ) throws {
        try session.execute(
            """
            SELECT set_config('muster.quota_drawn', coalesce(array_agg((
                       o.tenant_id, h.site_id,
                       tstzrange(o.window_start - make_interval(secs => o.lead_seconds),
                                 o.window_end + make_interval(secs => o.grace_seconds)),
                       CASE WHEN o.gpu_count + o.gpu_share_milli > 0 THEN h.gpu_model END,
                       -s.count * o.vcpu_milli, -s.count * o.memory_mib, -s.count * o.disk_gib, -s.count * o.bandwidth_mbps,
                       -s.count * (o.gpu_count * 1000 + o.gpu_share_milli), -s.count)::muster.taking)::text, ''), true)
              FROM unnest(\(sources.map(\.key.rawValue)), \(sources.map { Int64($0.value) })) AS s (host_id, count)
              JOIN muster.host h USING (host_id)
              JOIN muster."order" o ON o.order_id = \(id.rawValue)
            """
        )
    }

    /// Moves what a locked hold holds: so many off each host of `sources`, onto `groups`. A hold has one live row for each host
    /// and GPUs of it.
    package static func move(
        _ id: HoldID, from sources: [HostID: Int], to groups: [Plan.Group], in session: isolated Session
    ) throws {
        let sources = sources.sorted { $0.key < $1.key }
        let freed = try session.rows(
            """
            UPDATE muster.reservation r
               SET live_count = r.live_count - c.gone,
                   released_at = CASE WHEN r.live_count = c.gone THEN muster.now() END
              FROM (SELECT reservation_id, least(live_count, wanted - earlier)::integer AS gone
                      FROM (SELECT r.reservation_id, r.live_count, s.count AS wanted,
                                   sum(r.live_count) OVER (PARTITION BY r.host_id ORDER BY r.reservation_id)
                                       - r.live_count AS earlier
                              FROM muster.reservation r
                              JOIN unnest(\(sources.map(\.key.rawValue)), \(sources.map(\.value))) AS s (host_id, count)
                             USING (host_id)
                             WHERE r.hold_id = \(id.rawValue)
                               AND r.live_count > 0) there
                     WHERE earlier < wanted) c
             WHERE r.reservation_id = c.reservation_id
            RETURNING c.gone
            """
        ).reduce(0) { try $0 + $1.int("gone") }
        guard freed == sources.reduce(0, { $0 + $1.value }) else { throw StoreError.stale }
        let grown = try session.rows(
            """
            UPDATE muster.reservation r
               SET instance_count = r.instance_count + g.count, live_count = r.live_count + g.count
              FROM unnest(\(groups.map(\.host.rawValue)), \(groups.map(\.count)), \(groups.deviceTexts))
                   WITH ORDINALITY AS g (host_id, count, devices, place)
             WHERE r.hold_id = \(id.rawValue)
               AND r.host_id = g.host_id
               AND r.gpu_devices IS NOT DISTINCT FROM g.devices::smallint[]
               AND r.live_count > 0
            RETURNING g.place
            """
        ).map { try $0.int("place") }
        let fresh = groups.enumerated().filter { !grown.contains($0.offset + 1) }.map(\.element)
        if !fresh.isEmpty { try reserve(fresh, forHold: id, in: session) }
    }
}
