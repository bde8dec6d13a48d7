package import CapacityModel

/// What of a site is protected for a class of tenants, as operators see it.
package struct HeadroomView: Codable, Sendable, Hashable {
    package struct Amounts: Codable, Sendable, Hashable {
        package var vcpu: Double
        package var memoryMiB: Int64
        package var diskGiB: Int64
        package var bandwidthMbps: Int64
        /// Whole ones.
        package var gpuCount: Int64
        package var gpuModel: String?

        package init(_ resources: Resources) {
            vcpu = Double(resources.vcpuMilli) / 1_000
            memoryMiB = resources.memoryMiB
            diskGiB = resources.diskGiB
            bandwidthMbps = resources.bandwidthMbps
            gpuCount = resources.gpuCount
            gpuModel = resources.gpuModel
        }
    }

    package var site: String
    package var tenantClass: String
    /// The share that was asked for, or else `amounts`.
    package var share: Double?
    package var amounts: Amounts?
    package var reason: String
    /// What that is now: less than was asked for where the site has become smaller.
    package var protected: Amounts
    /// What tenants of the class have reserved at the site now.
    package var used: Amounts
    package var changedAt: Instant
    /// What others use of it still; in the answers about one headroom only.
    package var shortfall: ShortfallView?

    package init(
        _ headroom: Headroom, protected: Resources, used: Resources, changedAt: Instant,
        shortfall: ShortfallView? = nil
    ) {
        site = headroom.site
        tenantClass = headroom.tenantClass.rawValue
        switch headroom.size {
        case .share(let permille): share = Double(permille) / 1_000
        case .amounts(let resources): amounts = Amounts(resources)
        }
        reason = headroom.reason
        self.protected = Amounts(protected)
        self.used = Amounts(used)
        self.changedAt = changedAt
        self.shortfall = shortfall
    }
}

/// What is protected at a site and used by others all the same, since they were there before.
package struct ShortfallView: Codable, Sendable, Hashable {
    package struct Item: Codable, Sendable, Hashable {
        package var host: String
        /// By the name its amount has in an order; GPUs are `gpu`.
        package var resource: String
        /// The most that is missing at any moment, in the unit of the resource.
        package var missing: Double
        package var window: WindowView

        package init(host: String, resource: String, missing: Double, window: WindowView) {
            self.host = host
            self.resource = resource
            self.missing = missing
            self.window = window
        }
    }

    /// From then on all that is protected at the site is free for its classes; absent where it is now.
    package var until: Instant?
    /// By host, at most 1,000.
    package var items: [Item]
    /// Whether there are more than `items`.
    package var more: Bool

    package init(until: Instant?, items: [Item], more: Bool) {
        self.until = until
        self.items = items
        self.more = more
    }
}

/// A tenant, as operators see it.
package struct TenantView: Codable, Sendable, Hashable {
    package var name: String
    package var `class`: String
    package var createdAt: Instant

    package init(name: String, tenantClass: String, createdAt: Instant) {
        self.name = name
        self.class = tenantClass
        self.createdAt = createdAt
    }
}
