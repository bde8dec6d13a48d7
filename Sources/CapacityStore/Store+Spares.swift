package import CapacityModel
package import Postgres

/// Spare on one host of an order: one row of the ledger.
package struct SpareRow: Hashable, Sendable {
    package var reservation: Int64
    package var host: HostID
    package var site: SiteID
    package var count: Int
    /// Whether an instance could start there: nothing closes the host while it is held.
    package var isUsable: Bool

    package init(reservation: Int64, host: HostID, site: SiteID, count: Int, isUsable: Bool) {
        self.reservation = reservation
        self.host = host
        self.site = site
        self.count = count
        self.isUsable = isUsable
    }
}

/// Some of a row's spare.
package struct SpareShare: Hashable, Sendable {
    package var reservation: Int64
    package var count: Int

    package init(reservation: Int64, count: Int) {
        self.reservation = reservation
        self.count = count
    }
}

/// Statements about what an order holds against the loss of a site.
extension Store {
    /// Takes `groups` out of their hosts as spare of a locked order, from `start` or its window's. The guard refuses what does not
    /// fit.
    package static func reserveSpare(
        _ groups: [Plan.Group], for id: OrderID, from start: CapacityModel.Instant? = nil, in session: isolated Session
    ) throws {
        guard !groups.isEmpty else { return }
        try session.execute(
            """
            INSERT INTO muster.reservation
                (order_id, host_id, held, instance_count, live_count, spare_count, vcpu_milli, memory_mib, disk_gib,
                 bandwidth_mbps, gpu_model, gpu_count, gpu_share_milli, gpu_devices)
            SELECT o.order_id, g.host_id,
                   tstzrange(coalesce(\(start?.postgres)::timestamptz,
                                      o.window_start - make_interval(secs => o.lead_seconds)),
                             o.window_end + make_interval(secs => o.grace_seconds)),
                   g.spare_count, g.spare_count, g.spare_count, o.vcpu_milli, o.memory_mib, o.disk_gib,
                   o.bandwidth_mbps, o.gpu_model, o.gpu_count, o.gpu_share_milli, g.devices::smallint[]
              FROM unnest(\(groups.map(\.host.rawValue)), \(groups.map(\.count)), \(groups.deviceTexts))
                   AS g (host_id, spare_count, devices)
              JOIN muster."order" o ON o.order_id = \(id.rawValue)
             ORDER BY g.host_id, g.devices
            """
        )
    }

    /// What is spare of a locked order, by host.
    package static func spares(of id: OrderID, in session: isolated Session) throws -> [SpareRow] {
        try session.rows(
            """
            SELECT r.reservation_id, r.host_id, h.site_id, r.spare_count,
                   \(statement: isUsable) AS is_usable
              FROM muster.reservation r
              JOIN muster.host h USING (host_id)
             WHERE r.order_id = \(id.rawValue)
               AND r.spare_count > 0
               AND upper(r.held) > muster.now()
             ORDER BY r.host_id, r.reservation_id
            """
        ).map { row in
            SpareRow(
                reservation: try row.int64("reservation_id"), host: HostID(rawValue: try row.int64("host_id")),
                site: SiteID(rawValue: try row.int64("site_id")), count: try row.int("spare_count"),
                isUsable: try row.decode("is_usable", as: Bool.self))
        }
    }

    /// Of a row `r`: an instance could start on its host, which nothing closes while it is held.
    static var isUsable: Statement {
        """
        NOT EXISTS (SELECT FROM muster.host_closure_now c
                     WHERE c.host_id = r.host_id
                       AND c.span && tstzrange(greatest(lower(r.held), muster.now()), upper(r.held)))
        """
    }

    /// Where an order's live instances are that shall stay, by site.
    package static func instancesBySite(of id: OrderID, in session: isolated Session) throws -> [SiteID: Int] {
        try session.rows(
            """
            SELECT site_id, count(*) AS count
              FROM muster.instance
             WHERE order_id = \(id.rawValue)
               AND state IN ('planned', 'assigned', 'starting', 'ready')
             GROUP BY site_id
            """
        ).reduce(into: [:]) { $0[SiteID(rawValue: try $1.int64("site_id"))] = try $1.int("count") }
    }

    /// On which hosts, and at which sites, instances of an order failed.
    package static func failedPlaces(
        of id: OrderID, in session: isolated Session
    ) throws -> (hosts: Set<HostID>, sites: Set<SiteID>) {
        let rows = try session.rows(
            """
            SELECT DISTINCT f.host_id, f.site_id FROM muster.instance f
             WHERE f.order_id = \(id.rawValue) AND \(statement: failedThere)
            """
        )
        return (
            Set(try rows.map { HostID(rawValue: try $0.int64("host_id")) }),
            Set(try rows.map { SiteID(rawValue: try $0.int64("site_id")) })
        )
    }

    /// Makes instances out of spare of a locked order, billed from `start` or its window's. What its hosts have taken stays as
    /// it is, so nobody can come in between; the counts move from waiting to planned by trigger.
    package static func deliverSpare(
        _ shares: [SpareShare], of id: OrderID, billedFrom start: CapacityModel.Instant?, in session: isolated Session
    ) throws {
        let delivered = try session.rows(
            """
            WITH used AS (
                UPDATE muster.reservation r
                   SET spare_count = r.spare_count - u.count
                  FROM unnest(\(shares.map(\.reservation)), \(shares.map(\.count))) AS u (reservation_id, count)
                 WHERE r.reservation_id = u.reservation_id
                   AND r.order_id = \(id.rawValue)
                   AND r.spare_count >= u.count
             RETURNING r.reservation_id, r.order_id, r.host_id, u.count
            ), made AS (
                INSERT INTO muster.instance (order_id, reservation_id, host_id, site_id, billed_from)
                SELECT u.order_id, u.reservation_id, u.host_id, h.site_id,
                       coalesce(\(start?.postgres)::timestamptz, o.window_start)
                  FROM used u
                  JOIN muster.host h USING (host_id)
                  JOIN muster."order" o USING (order_id)
                 CROSS JOIN generate_series(1, u.count)
                 ORDER BY u.reservation_id
             RETURNING instance_id
            )
            SELECT count(*) AS count FROM made
            """
        )[0].int("count")
        guard delivered == shares.reduce(0, { $0 + $1.count }) else { throw StoreError.stale }
    }

    /// Gives back some of what is spare of a locked order; free at once.
    package static func giveBackSpare(
        _ shares: [SpareShare], of id: OrderID, in session: isolated Session
    ) throws {
        guard !shares.isEmpty else { return }
        try session.execute(
            """
            UPDATE muster.reservation r
               SET spare_count = r.spare_count - u.count, live_count = r.live_count - u.count,
                   released_at = CASE WHEN r.live_count = u.count THEN muster.now() END
              FROM unnest(\(shares.map(\.reservation)), \(shares.map(\.count))) AS u (reservation_id, count)
             WHERE r.reservation_id = u.reservation_id
               AND r.order_id = \(id.rawValue)
               AND r.spare_count >= u.count
            """
        )
    }

    /// Gives back all that is spare of a locked order.
    static func freeSpare(of id: OrderID, in session: isolated Session) throws {
        try session.execute(
            """
            UPDATE muster.reservation
               SET spare_count = 0, live_count = live_count - spare_count,
                   released_at = CASE WHEN live_count = spare_count THEN muster.now() END
             WHERE order_id = \(id.rawValue)
               AND spare_count > 0
            """
        )
    }

    /// Where the spare of these orders is, by site, host and its GPUs. An order without any is left out.
    package func spareGroups(of ids: [OrderID]) async throws(StoreError) -> [OrderID: [PlacedGroup]] {
        guard !ids.isEmpty else { return [:] }
        return try await read { session in
            let rows = try session.rows(
                """
                SELECT r.order_id, h.host_id, s.name AS site, h.name AS host, s.province, s.city, s.carrier,
                       sum(r.spare_count)::integer AS count, r.gpu_devices
                  FROM muster.reservation r
                  JOIN muster.host h USING (host_id)
                  JOIN muster.site s USING (site_id)
                 WHERE r.order_id = ANY (\(ids.map(\.rawValue)))
                   AND r.spare_count > 0
                 GROUP BY r.order_id, h.host_id, s.name, h.name, s.province, s.city, s.carrier, r.gpu_devices
                 ORDER BY r.order_id, s.name, h.name, r.gpu_devices
                """
            )
            return try rows.reduce(into: [:]) { groups, row in
                groups[OrderID(rawValue: try row.int64("order_id")), default: []].append(try PlacedGroup(row))
            }
        }
    }
}
