package import CapacityModel
import Postgres

extension Store {
    /// Takes in sites and hosts by name, all or none: new ones are added, known ones brought up to date.
    ///
    /// A host that would shrink below what is reserved on it refuses the whole import (``StoreError/oversold(_:)``).
    package func importFleet(
        sites: [NewSite], hosts: [NewHost]
    ) async throws(StoreError) -> (sites: Int, hosts: Int, inventoryVersion: Int64) {
        try await transaction { session in
            let siteCount = try Store.upsert(sites, in: session)
            let hostCount = try Store.upsert(hosts, in: session)
            let version = try session.rows("SELECT version FROM muster.inventory")[0].int64("version")
            return (siteCount, hostCount, version)
        }
    }

    private static func upsert(_ sites: [NewSite], in session: isolated Session) throws -> Int {
        try session.execute(
            """
            INSERT INTO muster.site (name, province, city, carrier, origin, capabilities)
            SELECT name, province, city, carrier, origin,
                   CASE WHEN capabilities = '' THEN '{}' ELSE string_to_array(capabilities, ';') END
              FROM unnest(\(sites.map(\.name)), \(sites.map(\.province)), \(sites.map(\.city)),
                          \(sites.map(\.carrier.rawValue)), \(sites.map(\.origin)),
                          \(sites.map { $0.capabilities.sorted().joined(separator: ";") }))
                   AS new (name, province, city, carrier, origin, capabilities)
             ORDER BY name
            ON CONFLICT (name) DO UPDATE
               SET province = excluded.province, city = excluded.city, carrier = excluded.carrier,
                   origin = excluded.origin, capabilities = excluded.capabilities
            """
        )
    }

    private static func upsert(_ hosts: [NewHost], in session: isolated Session) throws -> Int {
        try session.execute(
            """
            INSERT INTO muster.host (site_id, name, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_model, gpu_count)
            SELECT s.site_id, new.name, new.vcpu_milli, new.memory_mib, new.disk_gib, new.bandwidth_mbps, new.gpu_model,
                   new.gpu_count
              FROM unnest(\(hosts.map(\.site)), \(hosts.map(\.name)), \(hosts.map(\.allocatable.vcpuMilli)),
                          \(hosts.map(\.allocatable.memoryMiB)), \(hosts.map(\.allocatable.diskGiB)),
                          \(hosts.map(\.allocatable.bandwidthMbps)), \(hosts.map(\.allocatable.gpuModel)),
                          \(hosts.map(\.allocatable.gpuCount)))
                   AS new (site, name, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_model, gpu_count)
              JOIN muster.site s ON s.name = new.site
             ORDER BY new.name
            ON CONFLICT (name) DO UPDATE
               SET site_id = excluded.site_id, vcpu_milli = excluded.vcpu_milli, memory_mib = excluded.memory_mib,
                   disk_gib = excluded.disk_gib, bandwidth_mbps = excluded.bandwidth_mbps,
                   gpu_model = excluded.gpu_model, gpu_count = excluded.gpu_count
            """
        )
    }

    /// Up to `limit` sites after the name `after`, by name, with their agents.
    package func sites(after: String?, limit: Int) async throws(StoreError) -> [SiteRecord] {
        try await read { session in
            let rows = try session.rows(
                """
                SELECT s.*, a.agent, a.seen_at, muster.now() AS now,
                       (SELECT count(*) FROM muster.host h WHERE h.site_id = s.site_id) AS host_count,
                       NOT EXISTS (SELECT FROM muster.host h JOIN muster.reservation r USING (host_id)
                                    WHERE h.site_id = s.site_id AND r.live_count > 0) AS is_empty
                  FROM muster.site s
                  LEFT JOIN muster.site_agent a USING (site_id)
                 WHERE s.name > \(after ?? "")
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
                    closures: closures,
                    state: ServingState(
                        closures: closures, isEmpty: try row.decode("is_empty", as: Bool.self),
                        at: try row.instant("now")
                    )
                )
            }
        }
    }

    /// Up to `limit` hosts after the name `after`, by name, of one site or of all, with what is reserved on them now.
    package func hosts(site: String?, after: String?, limit: Int) async throws(StoreError) -> [HostRecord] {
        try await read { session in
            let rows = try session.rows(
                """
                SELECT h.*, s.name AS site, muster.now() AS now,
                       NOT EXISTS (SELECT FROM muster.reservation r
                                    WHERE r.host_id = h.host_id AND r.live_count > 0) AS is_empty,
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
                  JOIN muster.site s USING (site_id)
                  LEFT JOIN LATERAL (
                       SELECT sum(l.vcpu_milli) AS vcpu_milli, sum(l.memory_mib) AS memory_mib,
                              sum(l.disk_gib) AS disk_gib, sum(l.bandwidth_mbps) AS bandwidth_mbps,
                              sum(l.gpu_count) AS gpu_count, sum(l.gpu_share_milli) AS gpu_share_milli
                         FROM muster.ledger_now l
                        WHERE l.host_id = h.host_id AND l.held @> muster.now()) taken ON true
                 WHERE h.name > \(after ?? "")
                   AND (\(site)::text IS NULL OR s.name = \(site)::text)
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
                return HostRecord(
                    name: host,
                    site: site,
                    allocatable: try row.resources(),
                    reserved: Resources(
                        vcpuMilli: try row.int64("reserved_vcpu_milli"),
                        memoryMiB: try row.int64("reserved_memory_mib"),
                        diskGiB: try row.int64("reserved_disk_gib"),
                        bandwidthMbps: try row.int64("reserved_bandwidth_mbps"),
                        gpuCount: try row.int64("reserved_gpu_count"),
                        gpuShareMilli: try row.int64("reserved_gpu_share_milli")
                    ),
                    deviceMilli: try row.decode("device_milli", as: [Int64].self),
                    closures: closures,
                    state: ServingState(
                        closures: closures, isEmpty: try row.decode("is_empty", as: Bool.self),
                        at: try row.instant("now")
                    )
                )
            }
        }
    }
}

extension Site {
    init(_ row: Row) throws {
        self.init(
            id: SiteID(rawValue: try row.int64("site_id")),
            name: try row.text("name"),
            province: try row.text("province"),
            city: try row.text("city"),
            carrier: try row.choice("carrier"),
            origin: try row.text("origin"),
            capabilities: Set(try row.decode("capabilities", as: [String].self)),
            labels: try row.json("labels")
        )
    }
}

/// A site to take in, known by its name.
package struct NewSite: Hashable, Sendable {
    package var name: String
    package var province: String
    package var city: String
    package var carrier: Carrier
    package var origin: String
    package var capabilities: Set<String>

    package init(
        name: String, province: String, city: String, carrier: Carrier, origin: String, capabilities: Set<String>
    ) {
        self.name = name
        self.province = province
        self.city = city
        self.carrier = carrier
        self.origin = origin
        self.capabilities = capabilities
    }
}

/// A host to take in, known by its name, at a site known by its name.
package struct NewHost: Hashable, Sendable {
    package var site: String
    package var name: String
    package var allocatable: Resources

    package init(site: String, name: String, allocatable: Resources) {
        self.site = site
        self.name = name
        self.allocatable = allocatable
    }
}

package struct SiteRecord: Hashable, Sendable {
    package var site: Site
    package var hosts: Int
    package var agent: String?
    package var agentSeenAt: CapacityModel.Instant?
    /// What stands or is to come for the whole site.
    package var closures: [Closure]
    package var state: ServingState
}

package struct HostRecord: Hashable, Sendable {
    package var name: String
    package var site: String
    package var allocatable: Resources
    package var reserved: Resources
    /// By index, what is reserved of each GPU, in thousandths of it.
    package var deviceMilli: [Int64]
    /// What stands or is to come for the host, then what does for its whole site.
    package var closures: [Closure]
    package var state: ServingState
}
