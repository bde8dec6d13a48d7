package import CapacityModel
import Postgres

/// What of a site's hosts may be reserved.
package struct SiteTerms: Hashable, Sendable {
    /// How often the site sells its vCPU, in thousandths; 1,000 is once.
    package var vcpuOversellPermille: Int
    /// What is taken off each host that does not say otherwise. GPUs are not shared with the system.
    package var system: Resources

    package init(vcpuOversellPermille: Int, system: Resources) {
        self.vcpuOversellPermille = vcpuOversellPermille
        self.system = system
    }
}

/// A change of a site's terms: what is `nil` stays.
package struct SiteTermsChange: Hashable, Sendable {
    package var vcpuOversellPermille: Int?
    package var system: Resources?

    package init(vcpuOversellPermille: Int?, system: Resources?) {
        self.vcpuOversellPermille = vcpuOversellPermille
        self.system = system
    }
}

/// A host's own system share; what is `nil` is its site's.
package struct HostSystemShare: Hashable, Sendable {
    package var vcpuMilli: Int64?
    package var memoryMiB: Int64?
    package var diskGiB: Int64?
    package var bandwidthMbps: Int64?

    package init(vcpuMilli: Int64?, memoryMiB: Int64?, diskGiB: Int64?, bandwidthMbps: Int64?) {
        self.vcpuMilli = vcpuMilli
        self.memoryMiB = memoryMiB
        self.diskGiB = diskGiB
        self.bandwidthMbps = bandwidthMbps
    }
}

/// Statements by which operators say what of their hosts may be reserved.
extension Store {
    /// Changes a site's terms; the site as it then is, `nil` where there is none.
    ///
    /// - Throws: ``StoreError/oversold(_:)`` where a host would have less than is reserved on it.
    package func set(_ change: SiteTermsChange, ofSite name: String) async throws(StoreError) -> SiteRecord? {
        try await transaction { session in
            let system = change.system
            _ = try session.execute(
                """
                UPDATE muster.site
                   SET vcpu_oversell_permille = coalesce(\(change.vcpuOversellPermille)::integer, vcpu_oversell_permille),
                       system_vcpu_milli = coalesce(\(system?.vcpuMilli)::bigint, system_vcpu_milli),
                       system_memory_mib = coalesce(\(system?.memoryMiB)::bigint, system_memory_mib),
                       system_disk_gib = coalesce(\(system?.diskGiB)::bigint, system_disk_gib),
                       system_bandwidth_mbps = coalesce(\(system?.bandwidthMbps)::bigint, system_bandwidth_mbps)
                 WHERE name = \(name)
                """
            )
            return try Store.sites(where: "s.name = \(name)", limit: 1, in: session).first
        }
    }

    /// Gives a host a system share of its own; the host as it then is, `nil` where there is none.
    ///
    /// - Throws: ``StoreError/oversold(_:)`` where it would have less than is reserved on it.
    package func set(_ share: HostSystemShare, ofHost name: String) async throws(StoreError) -> HostRecord? {
        try await transaction { session in
            _ = try session.execute(
                """
                UPDATE muster.host
                   SET system_vcpu_milli = \(share.vcpuMilli)::bigint, system_memory_mib = \(share.memoryMiB)::bigint,
                       system_disk_gib = \(share.diskGiB)::bigint,
                       system_bandwidth_mbps = \(share.bandwidthMbps)::bigint
                 WHERE name = \(name)
                """
            )
            return try Store.hosts(where: "h.name = \(name)", limit: 1, in: session).first
        }
    }
}
