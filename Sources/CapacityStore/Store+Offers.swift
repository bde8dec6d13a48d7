package import CapacityModel
package import Postgres

/// What a set of offers takes out of one host for a stretch of time.
package struct OfferedCapacity: Hashable, Sendable {
    package var host: HostID
    package var held: Window
    package var amounts: Resources
    /// The GPU that it is on, where the amounts are one, or shares of one.
    package var devices: [Int]

    package init(host: HostID, held: Window, amounts: Resources, devices: [Int] = []) {
        self.devices = devices
        self.host = host
        self.held = held
        self.amounts = amounts
    }
}

/// What a tenant had offered of late.
package struct OfferHistory: Hashable, Sendable {
    package var hasOpen: Bool
    /// Sets that ended without being accepted.
    package var unaccepted: Int
}

/// Statements by which capacity is held for what a refusal offers.
extension Store {
    /// The tenant's sets of offers of the last `period`. Locks the tenant's row, so that his refusals hold one after the other.
    package static func lockOfferHistory(
        of tenant: TenantID, within period: Duration, in session: isolated Session
    ) throws -> OfferHistory {
        _ = try session.rows(
            "SELECT 1 FROM muster.tenant WHERE tenant_id = \(tenant.rawValue) FOR NO KEY UPDATE")
        let row = try session.rows(
            """
            SELECT coalesce(bool_or(state = 'open'), false) AS has_open,
                   count(*) FILTER (WHERE state IN ('replaced', 'expired')) AS unaccepted
              FROM muster.offer_set
             WHERE tenant_id = \(tenant.rawValue)
               AND created_at > muster.now() - make_interval(secs => \(period.wholeSeconds))
            """
        )[0]
        return OfferHistory(
            hasOpen: try row.decode("has_open", as: Bool.self), unaccepted: try row.int("unaccepted"))
    }

    /// What all open offers take of these sites, as if at the same time. Locks the sites' rows, so that two refusals cannot
    /// both take the last of what may be offered there.
    package static func lockOffered(
        at sites: [SiteID], in session: isolated Session
    ) throws -> [SiteID: Resources] {
        _ = try session.rows(
            """
            SELECT 1 FROM muster.site WHERE site_id = ANY (\(sites.map(\.rawValue)))
             ORDER BY site_id FOR NO KEY UPDATE
            """
        )
        return try session.rows(
            """
            SELECT h.site_id, sum(r.live_count * r.vcpu_milli)::bigint AS vcpu_milli,
                   sum(r.live_count * r.memory_mib)::bigint AS memory_mib,
                   sum(r.live_count * r.disk_gib)::bigint AS disk_gib,
                   sum(r.live_count * r.bandwidth_mbps)::bigint AS bandwidth_mbps,
                   sum(r.live_count * (r.gpu_count * 1000 + r.gpu_share_milli))::bigint AS gpu_milli
              FROM muster.reservation r
              JOIN muster.host h USING (host_id)
             WHERE r.offer_set_id IS NOT NULL
               AND r.live_count > 0
               AND h.site_id = ANY (\(sites.map(\.rawValue)))
             GROUP BY h.site_id
            """
        ).reduce(into: [:]) { offered, row in
            offered[SiteID(rawValue: try row.int64("site_id"))] = Resources(
                vcpuMilli: try row.int64("vcpu_milli"), memoryMiB: try row.int64("memory_mib"),
                diskGiB: try row.int64("disk_gib"), bandwidthMbps: try row.int64("bandwidth_mbps"),
                gpuShareMilli: try row.int64("gpu_milli")
            )
        }
    }

    /// Makes a set of offers that takes `rows` for `life`, and says when it ends. The guard refuses what does not fit.
    package static func insertOffers(
        _ rows: [OfferedCapacity], of tenant: TenantID, life: Duration, in session: isolated Session
    ) throws -> (id: OfferSetID, expiresAt: CapacityModel.Instant) {
        let set = try session.rows(
            """
            INSERT INTO muster.offer_set (tenant_id, expires_at)
            VALUES (\(tenant.rawValue), muster.now() + make_interval(secs => \(life.wholeSeconds)))
            RETURNING offer_set_id, expires_at
            """
        )[0]
        let id = OfferSetID(rawValue: try set.int64("offer_set_id"))
        try session.execute(
            """
            INSERT INTO muster.reservation
                (offer_set_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib, disk_gib,
                 bandwidth_mbps, gpu_model, gpu_count, gpu_share_milli, gpu_devices)
            SELECT \(id.rawValue), host_id, tstzrange(held_from, held_until), 1, 1, vcpu_milli, memory_mib, disk_gib,
                   bandwidth_mbps, gpu_model, gpu_count, gpu_share_milli, devices::smallint[]
              FROM unnest(\(rows.map(\.host.rawValue)), \(rows.map(\.held.start.postgres)),
                          \(rows.map(\.held.end.postgres)), \(rows.map(\.amounts.vcpuMilli)),
                          \(rows.map(\.amounts.memoryMiB)), \(rows.map(\.amounts.diskGiB)),
                          \(rows.map(\.amounts.bandwidthMbps)), \(rows.map(\.amounts.gpuModel)),
                          \(rows.map(\.amounts.gpuCount)), \(rows.map(\.amounts.gpuShareMilli)),
                          \(rows.map { $0.devices.first.map { "{\($0)}" } }))
                   AS r (host_id, held_from, held_until, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_model,
                         gpu_count, gpu_share_milli, devices)
             ORDER BY host_id
            """
        )
        return (id, try set.instant("expires_at"))
    }

    /// Locks the set where it is still open and its time is not over.
    package static func lockOpenOffers(_ id: OfferSetID, in session: isolated Session) throws -> Bool {
        try !session.rows(
            """
            SELECT 1 FROM muster.offer_set
             WHERE offer_set_id = \(id.rawValue)
               AND state = 'open'
               AND expires_at > muster.now()
               FOR NO KEY UPDATE
            """
        ).isEmpty
    }

    /// Locks up to `limit` open sets whose time is over; those that somebody else is at are left out.
    package static func lockOverdueOffers(limit: Int, in session: isolated Session) throws -> [OfferSetID] {
        try session.rows(
            """
            SELECT offer_set_id
              FROM muster.offer_set
             WHERE state = 'open'
               AND expires_at <= muster.now()
             ORDER BY expires_at, offer_set_id
             LIMIT \(limit)
               FOR NO KEY UPDATE SKIP LOCKED
            """
        ).map { OfferSetID(rawValue: try $0.int64("offer_set_id")) }
    }

    /// Locks the tenant's open set, unless somebody is just accepting it.
    package static func lockOpenOffers(of tenant: TenantID, in session: isolated Session) throws -> [OfferSetID] {
        try session.rows(
            """
            SELECT offer_set_id
              FROM muster.offer_set
             WHERE state = 'open'
               AND tenant_id = \(tenant.rawValue)
               FOR NO KEY UPDATE SKIP LOCKED
            """
        ).map { OfferSetID(rawValue: try $0.int64("offer_set_id")) }
    }

    /// Ends locked sets along one drawn arrow: what they took is free, for the caller's own transaction first.
    package static func end(
        _ ids: [OfferSetID], on event: OfferSetState.Event, in session: isolated Session
    ) throws {
        guard let next = OfferSetState.open.after(event) else { throw StoreError.stale }
        try session.execute(
            """
            WITH freed AS (
                UPDATE muster.reservation
                   SET live_count = 0, released_at = muster.now()
                 WHERE offer_set_id = ANY (\(ids.map(\.rawValue)))
                   AND live_count > 0
            )
            UPDATE muster.offer_set
               SET state = \(next.rawValue), state_since = muster.now()
             WHERE offer_set_id = ANY (\(ids.map(\.rawValue)))
               AND state = \(OfferSetState.open.rawValue)
            """
        )
    }

    /// Forgets sets that ended a day ago, a bounded batch, with their rows of the ledger.
    package func pruneOffers() async throws(StoreError) {
        _ = try await read { session in
            try session.execute(
                """
                WITH over AS (
                    SELECT offer_set_id FROM muster.offer_set
                     WHERE state <> 'open' AND state_since < muster.now() - interval '1 day'
                     LIMIT 64
                ), rows AS (
                    DELETE FROM muster.reservation r USING over WHERE r.offer_set_id = over.offer_set_id
                )
                DELETE FROM muster.offer_set s USING over WHERE s.offer_set_id = over.offer_set_id
                """
            )
        }
    }
}
