/// A number the database gave a site.
package struct SiteID: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package static func < (left: SiteID, right: SiteID) -> Bool { left.rawValue < right.rawValue }
}

/// A number the database gave a host.
package struct HostID: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package static func < (left: HostID, right: HostID) -> Bool { left.rawValue < right.rawValue }
}

/// One machine room.
package struct Site: Hashable, Sendable {
    package var id: SiteID
    package var name: String
    package var province: String
    package var city: String
    package var carrier: Carrier
    package var origin: String
    package var capabilities: Set<String>
    package var labels: [String: String]

    package init(
        id: SiteID,
        name: String,
        province: String,
        city: String,
        carrier: Carrier,
        origin: String = "self",
        capabilities: Set<String> = [],
        labels: [String: String] = [:]
    ) {
        self.id = id
        self.name = name
        self.province = province
        self.city = city
        self.carrier = carrier
        self.origin = origin
        self.capabilities = capabilities
        self.labels = labels
    }

    /// The area its province lies in; `nil` only for a code GB/T 2260 does not have, which import refuses.
    package var area: Area? { Province.named(province)?.area }
}

/// One server of a site and what may be reserved on it.
package struct Host: Hashable, Sendable {
    package var id: HostID
    package var site: SiteID
    package var name: String
    package var allocatable: Resources

    package init(id: HostID, site: SiteID, name: String, allocatable: Resources) {
        self.id = id
        self.site = site
        self.name = name
        self.allocatable = allocatable
    }
}
