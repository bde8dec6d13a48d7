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
