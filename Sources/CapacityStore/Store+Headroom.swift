package import CapacityModel
package import Postgres

/// A headroom as it stands, with what is still in its way.
package struct HeadroomRecord: Hashable, Sendable {
    package var headroom: Headroom
    /// The parts of its hosts together: what is protected now.
    package var protected: Resources
    /// What tenants of its class have reserved on those hosts now.
    package var used: Resources
    package var changedAt: CapacityModel.Instant
}

/// What of a host is protected and used by others all the same, since they were there before.
package struct HeadroomShortfall: Hashable, Sendable {
    package var site: String
    package var host: String
    /// By its column: `vcpu_milli` and its like.
    package var resource: String
    /// The most of it, at any moment.
    package var missing: Int64
    /// From when until when, with gaps maybe, by what is reserved now.
    package var window: Window

    package init(site: String, host: String, resource: String, missing: Int64, window: Window) {
        self.site = site
        self.host = host
        self.resource = resource
        self.missing = missing
        self.window = window
    }
}

package enum HeadroomOutcome: Hashable, Sendable {
    case set
    case noSite
    /// The site has ``Store/headroomsOfSite`` already.
    case tooMany
    /// Together with what is protected for other classes it is more than the site has.
    case tooLarge(resource: String, wanted: Int64, allocatable: Int64)
}

/// Statements about what is protected for whom. That others keep off it is the database's business.
extension Store {
    /// How many classes may have something protected at one site: each order there looks at each.
    package static let headroomsOfSite = 16

    /// Protects capacity of a site for a class, or changes how much. Nothing is taken away from anybody.
    package static func set(_ headroom: Headroom, in session: isolated Session) throws -> HeadroomOutcome {
        let (permille, amounts) = headroom.size.columns
        if let excess = try excess(of: headroom, in: session) { return excess }
        let others = try session.rows(
            """
            SELECT count(*) AS count
              FROM muster.headroom r
              JOIN muster.site s USING (site_id)
             WHERE s.name = \(headroom.site) AND r.class <> \(headroom.tenantClass.rawValue)
            """
        )[0].int("count")
        guard others < headroomsOfSite else { return .tooMany }
        let set = try session.rows(
            """
            INSERT INTO muster.headroom
                (site_id, class, share_permille, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_model, gpu_count,
                 reason)
            SELECT site_id, \(headroom.tenantClass.rawValue), \(permille)::integer, \(amounts.vcpuMilli)::bigint,
                   \(amounts.memoryMiB)::bigint, \(amounts.diskGiB)::bigint, \(amounts.bandwidthMbps)::bigint,
                   \(amounts.gpuModel)::text, \(amounts.gpuCount)::bigint, \(headroom.reason)
              FROM muster.site
             WHERE name = \(headroom.site)
            ON CONFLICT (site_id, class) DO UPDATE
               SET share_permille = excluded.share_permille, vcpu_milli = excluded.vcpu_milli,
                   memory_mib = excluded.memory_mib, disk_gib = excluded.disk_gib,
                   bandwidth_mbps = excluded.bandwidth_mbps, gpu_model = excluded.gpu_model,
                   gpu_count = excluded.gpu_count, reason = excluded.reason, changed_at = muster.now()
            RETURNING site_id
            """
        )
        return set.isEmpty ? .noSite : .set
    }

    /// What of it, together with what is protected for other classes, is more than the site has.
    private static func excess(of headroom: Headroom, in session: isolated Session) throws -> HeadroomOutcome? {
        let (permille, amounts) = headroom.size.columns
        return try session.rows(
            """
            WITH stock AS (
                SELECT v.resource, v.model, sum(v.amount) AS amount
                  FROM muster.site s
                  JOIN muster.allocatable a USING (site_id)
                 CROSS JOIN LATERAL (VALUES
                       ('vcpu_milli', NULL, a.vcpu_milli), ('memory_mib', NULL, a.memory_mib),
                       ('disk_gib', NULL, a.disk_gib), ('bandwidth_mbps', NULL, a.bandwidth_mbps),
                       ('gpu_count', a.gpu_model, a.gpu_count)) AS v (resource, model, amount)
                 WHERE s.name = \(headroom.site) AND v.amount > 0
                 GROUP BY v.resource, v.model
            ), headroom AS (
                SELECT r.share_permille, r.vcpu_milli, r.memory_mib, r.disk_gib, r.bandwidth_mbps, r.gpu_model, r.gpu_count
                  FROM muster.headroom r
                  JOIN muster.site s USING (site_id)
                 WHERE s.name = \(headroom.site) AND r.class <> \(headroom.tenantClass.rawValue)
                 UNION ALL
                SELECT \(permille)::integer, \(amounts.vcpuMilli)::bigint, \(amounts.memoryMiB)::bigint,
                       \(amounts.diskGiB)::bigint, \(amounts.bandwidthMbps)::bigint, \(amounts.gpuModel)::text,
                       \(amounts.gpuCount)::bigint
            ), wanted AS (
                SELECT s.resource, s.model, div(s.amount * r.share_permille, 1000) AS amount
                  FROM stock s
                  JOIN headroom r ON r.share_permille IS NOT NULL
                 UNION ALL
                SELECT v.resource, v.model, v.amount
                  FROM headroom r
                 CROSS JOIN LATERAL (VALUES
                       ('vcpu_milli', NULL, r.vcpu_milli), ('memory_mib', NULL, r.memory_mib),
                       ('disk_gib', NULL, r.disk_gib), ('bandwidth_mbps', NULL, r.bandwidth_mbps),
                       ('gpu_count', r.gpu_model, r.gpu_count)) AS v (resource, model, amount)
                 WHERE r.share_permille IS NULL AND v.amount > 0
            )
            SELECT w.resource, sum(w.amount)::bigint AS wanted, coalesce(max(s.amount), 0)::bigint AS allocatable
              FROM wanted w
              LEFT JOIN stock s ON s.resource = w.resource AND s.model IS NOT DISTINCT FROM w.model
             WHERE EXISTS (SELECT FROM muster.site WHERE name = \(headroom.site))
             GROUP BY w.resource, w.model
            HAVING sum(w.amount) > coalesce(max(s.amount), 0)
             ORDER BY w.resource, w.model
             LIMIT 1
            """
        ).first.map { row in
            .tooLarge(
                resource: try row.text("resource"), wanted: try row.int64("wanted"),
                allocatable: try row.int64("allocatable"))
        }
    }

    /// Ends the protection; whether there was one.
    package static func removeHeadroom(
        for tenantClass: TenantClass, at site: String, in session: isolated Session
    ) throws -> Bool {
        try !session.rows(
            """
            DELETE FROM muster.headroom r
             USING muster.site s
             WHERE s.site_id = r.site_id AND s.name = \(site) AND r.class = \(tenantClass.rawValue)
            RETURNING r.headroom_id
            """
        ).isEmpty
    }

    /// What is protected at one site or everywhere, by site and class: up to `limit` after that of `after`.
    package func headrooms(
        site: String?, after: (site: String, tenantClass: String)? = nil, limit: Int
    ) async throws(StoreError) -> [HeadroomRecord] {
        try await read { session in
            try session.rows(
                """
                SELECT s.name AS site, r.*, p.vcpu_milli AS p_vcpu_milli, p.memory_mib AS p_memory_mib,
                       p.disk_gib AS p_disk_gib, p.bandwidth_mbps AS p_bandwidth_mbps, p.gpu_count AS p_gpu_count,
                       u.vcpu_milli AS u_vcpu_milli, u.memory_mib AS u_memory_mib, u.disk_gib AS u_disk_gib,
                       u.bandwidth_mbps AS u_bandwidth_mbps, u.gpu_count AS u_gpu_count
                  FROM (SELECT r.*, s.name
                          FROM muster.headroom r
                          JOIN muster.site s USING (site_id)
                         WHERE (\(site)::text IS NULL OR s.name = \(site)::text)
                           AND (s.name, r.class) > (\(after?.site ?? ""), \(after?.tenantClass ?? ""))
                         ORDER BY s.name, r.class
                         LIMIT \(limit)) r
                  JOIN muster.site s USING (site_id)
                 CROSS JOIN LATERAL (
                       SELECT coalesce(sum(p.vcpu_milli), 0)::bigint AS vcpu_milli,
                              coalesce(sum(p.memory_mib), 0)::bigint AS memory_mib,
                              coalesce(sum(p.disk_gib), 0)::bigint AS disk_gib,
                              coalesce(sum(p.bandwidth_mbps), 0)::bigint AS bandwidth_mbps,
                              coalesce(sum(p.gpu_count), 0)::bigint AS gpu_count
                         FROM muster.host h
                         JOIN muster.host_headroom p USING (host_id)
                        WHERE h.site_id = r.site_id AND p.class = r.class) p
                 CROSS JOIN LATERAL muster.class_use(r.site_id, r.class) u
                 ORDER BY s.name, r.class
                """
            ).map { try HeadroomRecord($0) }
        }
    }

    /// Where what is protected at a site is used by others still, by host; up to `limit`, and when the last of it ends.
    package func headroomShortfalls(
        at site: String, limit: Int
    ) async throws(StoreError) -> (listed: [HeadroomShortfall], count: Int, until: CapacityModel.Instant?) {
        try await read { session in
            let rows = try session.rows(
                """
                SELECT s.name AS site, h.name AS host, f.resource, f.missing, f.from_at, f.until_at,
                       count(*) OVER () AS shortfalls, max(f.until_at) OVER () AS last_until_at
                  FROM muster.site s
                 CROSS JOIN LATERAL muster.headroom_shortfall(ARRAY[s.site_id]) f
                  JOIN muster.host h USING (host_id)
                 WHERE s.name = \(site)
                 ORDER BY h.name, f.resource
                 LIMIT \(limit)
                """
            )
            let listed = try rows.map { row in
                HeadroomShortfall(
                    site: try row.text("site"), host: try row.text("host"), resource: try row.text("resource"),
                    missing: try row.int64("missing"), window: try row.window("from_at", "until_at"))
            }
            return (listed, try rows.first?.int("shortfalls") ?? 0, try rows.first?.instantIfAny("last_until_at"))
        }
    }
}

/// What planners read of it.
extension Store {
    /// All that is protected, host by host.
    static func hostHeadrooms(in session: isolated Session) throws -> [HostHeadroom] {
        try session.rows("SELECT * FROM muster.host_headroom").map { row in
            let first = try row.int("gpu_first")
            return HostHeadroom(
                host: HostID(rawValue: try row.int64("host_id")),
                tenantClass: TenantClass(rawValue: try row.text("class")),
                amounts: Resources(
                    vcpuMilli: try row.int64("vcpu_milli"), memoryMiB: try row.int64("memory_mib"),
                    diskGiB: try row.int64("disk_gib"), bandwidthMbps: try row.int64("bandwidth_mbps")),
                devices: first..<(first + (try row.int("gpu_count")))
            )
        }
    }

    /// Whose the live rows are on hosts of which something is protected.
    static func rowClasses(where condition: Statement, in session: isolated Session) throws -> [Int64: TenantClass] {
        let rows = try session.rows(
            """
            SELECT r.reservation_id, muster.class_of(r.order_id, r.hold_id, r.offer_set_id) AS class
              FROM muster.reservation r
             WHERE r.live_count > 0
               AND r.host_id IN (SELECT p.host_id FROM muster.host_headroom p)
               AND (\(statement: condition))
            """
        )
        return try rows.reduce(into: [:]) { classes, row in
            classes[try row.int64("reservation_id")] = TenantClass(rawValue: try row.text("class"))
        }
    }

    package func tenantClass(of tenant: TenantID) async throws(StoreError) -> TenantClass? {
        try await read { session in try Store.tenantClass(of: tenant, in: session) }
    }

    package static func tenantClass(of tenant: TenantID, in session: isolated Session) throws -> TenantClass? {
        try session.rows("SELECT class FROM muster.tenant WHERE tenant_id = \(tenant.rawValue)").first
            .map { TenantClass(rawValue: try $0.text("class")) }
    }
}

extension Headroom.Size {
    fileprivate var columns: (permille: Int?, amounts: Resources) {
        switch self {
        case .share(let permille): (permille, .zero)
        case .amounts(let amounts): (nil, amounts)
        }
    }
}

extension HeadroomRecord {
    fileprivate init(_ row: Row) throws {
        let permille = try row.decode("share_permille", as: Int?.self)
        headroom = Headroom(
            site: try row.text("site"), tenantClass: TenantClass(rawValue: try row.text("class")),
            size: try permille.map { .share(permille: $0) } ?? .amounts(try row.amounts(of: "")),
            reason: try row.text("reason"))
        protected = try row.amounts(of: "p_")
        used = try row.amounts(of: "u_")
        changedAt = try row.instant("changed_at")
    }
}

extension Row {
    fileprivate func amounts(of prefix: String) throws -> Resources {
        Resources(
            vcpuMilli: try int64(prefix + "vcpu_milli"), memoryMiB: try int64(prefix + "memory_mib"),
            diskGiB: try int64(prefix + "disk_gib"), bandwidthMbps: try int64(prefix + "bandwidth_mbps"),
            gpuModel: prefix.isEmpty ? try textIfAny("gpu_model") : nil, gpuCount: try int64(prefix + "gpu_count"))
    }
}
