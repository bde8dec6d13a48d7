package import CapacityModel
package import Postgres

/// Statements by which an order takes its capacity out of a hold.
extension Store {
    /// What a locked hold still holds, by host and then by its GPUs.
    package static func held(by id: HoldID, in session: isolated Session) throws -> [Plan.Group] {
        try session.rows(
            """
            SELECT r.host_id, h.site_id, r.live_count, r.gpu_devices
              FROM muster.reservation r
              JOIN muster.host h USING (host_id)
             WHERE r.hold_id = \(id.rawValue)
               AND r.live_count > 0
             ORDER BY r.host_id, r.gpu_devices
            """
        ).map { row in
            Plan.Group(
                host: HostID(rawValue: try row.int64("host_id")), site: SiteID(rawValue: try row.int64("site_id")),
                count: try row.int("live_count"), devices: try row.devices())
        }
    }

    /// Takes `groups` out of a locked hold. The caller reserves them for an order in the same transaction.
    ///
    /// In between they are nobody's, and nobody can have them: the guard has locked their hosts until the commit.
    package static func draw(_ groups: [Plan.Group], from id: HoldID, in session: isolated Session) throws {
        guard let drawn = HoldState.held.after(.draw) else { throw StoreError.stale }
        let taken = try session.execute(
            """
            UPDATE muster.reservation r
               SET live_count = r.live_count - g.drawn_count,
                   released_at = CASE WHEN r.live_count = g.drawn_count THEN muster.now() END
              FROM unnest(\(groups.map(\.host.rawValue)), \(groups.map(\.count)), \(groups.deviceTexts))
                   AS g (host_id, drawn_count, devices)
             WHERE r.hold_id = \(id.rawValue)
               AND r.host_id = g.host_id
               AND r.gpu_devices IS NOT DISTINCT FROM g.devices::smallint[]
               AND r.live_count >= g.drawn_count
            """
        )
        guard taken == groups.count else { throw StoreError.stale }
        let count = groups.reduce(0) { $0 + $1.count }
        let moved = try session.execute(
            """
            UPDATE muster.hold
               SET held_count = held_count - \(count),
                   drawn_count = drawn_count + \(count),
                   state = CASE WHEN held_count = \(count) THEN \(drawn.rawValue) ELSE state END,
                   state_since = CASE WHEN held_count = \(count) THEN muster.now() ELSE state_since END
             WHERE hold_id = \(id.rawValue)
               AND state = \(HoldState.held.rawValue)
            """
        )
        guard moved == 1 else { throw StoreError.stale }
    }
}
