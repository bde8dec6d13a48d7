package import CapacityModel
import Postgres

/// The fleet as operators see it.
extension Store {
    /// Up to `limit` sites after the name `after`, by name, with their agents, terms and closures.
    package func sites(after: String?, limit: Int) async throws(StoreError) -> [SiteRecord] {
        try await read { session in
            try Store.sites(where: "s.name > \(after ?? "")", limit: limit, in: session)
        }
    }

    static func sites(
        where condition: Statement, limit: Int, in session: isolated Session
    ) throws -> [SiteRecord] {
        let rows = try session.rows(
            """
            SELECT s.*, a.agent, a.seen_at, muster.now() AS now,
                   (SELECT count(*) FROM muster.host h WHERE h.site_id = s.site_id) AS host_count,
                   NOT EXISTS (SELECT FROM muster.host h JOIN muster.reservation r USING (host_id)
                                WHERE h.site_id = s.site_id AND r.live_count > 0) AS is_empty
              FROM muster.site s
              LEFT JOIN muster.site_agent a USING (site_id)
             WHERE \(statement: condition)
             ORDER BY s.name
             LIMIT \(limit)
            """
        )
        let standing = try Store.standing(sites: try rows.map { try $0.text("name") }, in: session)
        let closures = Dictionary(grouping: standing, by: \.place)
        return try rows.map { row in
            let site = try Site(row)
            let closures = closures[.site(site.name)] ?? []
            return SiteRecord(
                site: site,
                hosts: try row.int("host_count"),
                agent: try row.textIfAny("agent"),
                agentSeenAt: try row.instantIfAny("seen_at"),
                terms: SiteTerms(
                    vcpuOversellPermille: try row.int("vcpu_oversell_permille"), system: try row.amounts("system")
                ),
                closures: closures,
                state: try row.state(closures)
            )
        }
    }

    /// Up to `limit` hosts after the name `after`, by name, of one site or of all, with what is reserved on them now.
    package func hosts(site: String?, after: String?, limit: Int) async throws(StoreError) -> [HostRecord] {
        try await read { session in
            try Store.hosts(
                where: "h.name > \(after ?? "") AND (\(site)::text IS NULL OR s.name = \(site)::text)", limit: limit,
                in: session
            )
        }
    }

    static func hosts(
        where condition: Statement, limit: Int, in session: isolated Session
    ) throws -> [HostRecord] {
        let rows = try session.rows(
            """
            SELECT a.*, s.name AS site, muster.now() AS now,
                   NOT EXISTS (SELECT FROM muster.reservation r
                                WHERE r.host_id = h.host_id AND r.live_count > 0) AS is_empty,
                   h.vcpu_milli AS capacity_vcpu_milli, h.memory_mib AS capacity_memory_mib,
                   h.disk_gib AS capacity_disk_gib, h.bandwidth_mbps AS capacity_bandwidth_mbps,
                   coalesce(h.system_vcpu_milli, s.system_vcpu_milli) AS system_vcpu_milli,
                   coalesce(h.system_memory_mib, s.system_memory_mib) AS system_memory_mib,
                   coalesce(h.system_disk_gib, s.system_disk_gib) AS system_disk_gib,
                   coalesce(h.system_bandwidth_mbps, s.system_bandwidth_mbps) AS system_bandwidth_mbps,
                   coalesce(taken.vcpu_milli, 0)::bigint AS reserved_vcpu_milli,
                   coalesce(taken.memory_mib, 0)::bigint AS reserved_memory_mib,
                   coalesce(taken.disk_gib, 0)::bigint AS reserved_disk_gib,
                   coalesce(taken.bandwidth_mbps, 0)::bigint AS reserved_bandwidth_mbps,
                   coalesce(taken.gpu_count, 0)::bigint AS reserved_gpu_count,
                   coalesce(taken.gpu_share_milli, 0)::bigint AS reserved_gpu_share_milli,
                   ARRAY(SELECT coalesce(sum(l.gpu_device_milli), 0)::bigint
                           FROM generate_series(0, h.gpu_count - 1) AS d (device)
                           LEFT JOIN muster.ledger_now l
                                  ON l.host_id = h.host_id AND l.held @> muster.now()
                                 AND d.device = ANY (l.gpu_devices)
                          GROUP BY d.device
                          ORDER BY d.device) AS device_milli
              FROM muster.host h
              JOIN muster.allocatable a USING (host_id)
              JOIN muster.site s ON s.site_id = h.site_id
              LEFT JOIN LATERAL (
                   SELECT sum(l.vcpu_milli) AS vcpu_milli, sum(l.memory_mib) AS memory_mib,
                          sum(l.disk_gib) AS disk_gib, sum(l.bandwidth_mbps) AS bandwidth_mbps,
                          sum(l.gpu_count) AS gpu_count, sum(l.gpu_share_milli) AS gpu_share_milli
                     FROM muster.ledger_now l
                    WHERE l.host_id = h.host_id AND l.held @> muster.now()) taken ON true
             WHERE \(statement: condition)
             ORDER BY h.name
             LIMIT \(limit)
            """
        )
        let standing = try Store.standing(
            sites: Array(Set(try rows.map { try $0.text("site") })), hosts: try rows.map { try $0.text("name") },
            in: session
        )
        let closures = Dictionary(grouping: standing, by: \.place)
        return try rows.map { row in
            let (host, site) = (try row.text("name"), try row.text("site"))
            let closures = (closures[.host(host)] ?? []) + (closures[.site(site)] ?? [])
            let allocatable = try row.resources()
            var (capacity, reserved) = (try row.amounts("capacity"), try row.amounts("reserved"))
            capacity.gpuCount = allocatable.gpuCount
            reserved.gpuCount = try row.int64("reserved_gpu_count")
            reserved.gpuShareMilli = try row.int64("reserved_gpu_share_milli")
            return HostRecord(
                name: host, site: site, capacity: capacity, system: try row.amounts("system"),
                allocatable: allocatable, reserved: reserved,
                deviceMilli: try row.decode("device_milli", as: [Int64].self),
                closures: closures, state: try row.state(closures)
            )
        }
    }
}

extension Row {
    /// The four amounts that no GPU is among, in columns that begin so.
    fileprivate func amounts(_ prefix: String) throws -> Resources {
        Resources(
            vcpuMilli: try int64(prefix + "_vcpu_milli"), memoryMiB: try int64(prefix + "_memory_mib"),
            diskGiB: try int64(prefix + "_disk_gib"), bandwidthMbps: try int64(prefix + "_bandwidth_mbps")
        )
    }

    fileprivate func state(_ closures: [Closure]) throws -> ServingState {
        ServingState(
            closures: closures, isEmpty: try decode("is_empty", as: Bool.self), at: try instant("now"))
    }
}

package struct SiteRecord: Hashable, Sendable {
    package var site: Site
    package var hosts: Int
    package var agent: String?
    package var agentSeenAt: CapacityModel.Instant?
    package var terms: SiteTerms
    /// What stands or is to come for the whole site.
    package var closures: [Closure]
    package var state: ServingState
}

package struct HostRecord: Hashable, Sendable {
    package var name: String
    package var site: String
    /// What it has.
    package var capacity: Resources
    /// What of it is the system's, by its own share or its site's.
    package var system: Resources
    /// What of it may be reserved: (capacity - system) x the site's oversell ratio, of vCPU alone.
    package var allocatable: Resources
    package var reserved: Resources
    /// By index, what is reserved of each GPU, in thousandths of it.
    package var deviceMilli: [Int64]
    /// What stands or is to come for the host, then what does for its whole site.
    package var closures: [Closure]
    package var state: ServingState
}
