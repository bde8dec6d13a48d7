/// How an order's instances are spread over the groups of one level.
package struct SpreadRule: Hashable, Sendable, Codable {
    package enum Level: String, CaseIterable, Sendable, Codable {
        case host, site, city, province, area, carrier
    }

    package enum WhenUnsatisfiable: String, CaseIterable, Sendable, Codable {
        /// The order is refused.
        case reject
        /// The rule is dropped, and the plan says so.
        case relax
    }

    package var level: Level
    /// At most so many instances in one group.
    package var maxPerGroup: Int?
    /// At most this share of the order's count in one group, in `(0, 1]`; the limit is rounded down, but is never below 1.
    package var maxShare: Double?
    /// At least so many groups have an instance.
    package var minGroups: Int?
    /// At most so many more in the fullest group than in the emptiest, of those that have any of the order; at least 1. A group that
    /// is left empty does not count: how many are used is for `minGroups` to say.
    package var maxSkew: Int?
    package var whenUnsatisfiable: WhenUnsatisfiable

    package init(
        level: Level,
        maxPerGroup: Int? = nil,
        maxShare: Double? = nil,
        minGroups: Int? = nil,
        maxSkew: Int? = nil,
        whenUnsatisfiable: WhenUnsatisfiable = .reject
    ) {
        self.level = level
        self.maxPerGroup = maxPerGroup
        self.maxShare = maxShare
        self.minGroups = minGroups
        self.maxSkew = maxSkew
        self.whenUnsatisfiable = whenUnsatisfiable
    }

    /// The most instances a group may have when `count` are asked for; `nil` means no limit.
    package func limit(for count: Int) -> Int? {
        // The small term undoes binary fractions: 0.29 of 100 is 29.
        let share = maxShare.map { max(1, Int(Double(count) * $0 + 1e-9)) }
        return switch (maxPerGroup, share) {
        case (nil, nil): nil
        case (let limit?, nil), (nil, let limit?): limit
        case (let limit?, let share?): min(limit, share)
        }
    }
}

extension SpreadRule.Level {
    /// The group of this level that `host` of `site` is in. Names of hosts are those of their sites' and unique there.
    package func group(of site: Site, host: Host) -> String {
        switch self {
        case .host: "\(site.name)/\(host.name)"
        case .site: site.name
        case .city: site.city
        case .province: site.province
        case .area: site.area?.rawValue ?? ""
        case .carrier: site.carrier.rawValue
        }
    }
}
