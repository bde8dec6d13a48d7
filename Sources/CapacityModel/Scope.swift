/// Which sites may serve an order. Empty means nationwide.
package struct Scope: Hashable, Sendable, Codable {
    /// A site must match one of these; none given means every site matches.
    package var include: [Selector]
    /// A site that matches one of these is out, whatever `include` says.
    package var exclude: [Selector]
    /// A site must have all of these.
    package var capabilities: Set<String>

    package init(include: [Selector] = [], exclude: [Selector] = [], capabilities: Set<String> = []) {
        self.include = include
        self.exclude = exclude
        self.capabilities = capabilities
    }

    package static let nationwide = Scope()

    package func admits(_ site: Site) -> Bool {
        capabilities.isSubset(of: site.capabilities)
            && (include.isEmpty || include.contains { $0.matches(site) })
            && !exclude.contains { $0.matches(site) }
    }

    /// Names a set of sites; every field that is given must match.
    package struct Selector: Hashable, Sendable, Codable {
        package var area: Area?
        package var province: String?
        package var city: String?
        package var carrier: Carrier?
        package var site: String?
        package var labels: [String: String]

        package init(
            area: Area? = nil,
            province: String? = nil,
            city: String? = nil,
            carrier: Carrier? = nil,
            site: String? = nil,
            labels: [String: String] = [:]
        ) {
            self.area = area
            self.province = province
            self.city = city
            self.carrier = carrier
            self.site = site
            self.labels = labels
        }

        package func matches(_ candidate: Site) -> Bool {
            (area == nil || area == candidate.area)
                && (province == nil || province == candidate.province)
                && (city == nil || city == candidate.city)
                && (carrier == nil || carrier == candidate.carrier)
                && (site == nil || site == candidate.name)
                && labels.allSatisfy { candidate.labels[$0.key] == $0.value }
        }
    }
}
