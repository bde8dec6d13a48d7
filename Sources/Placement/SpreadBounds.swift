import CapacityModel

/// What spread rules come to at each level, by `SpreadRule.Level.position`; of several of one level the strictest.
struct SpreadBounds {
    /// The most instances of a group.
    private(set) var limits: [Int?]
    /// The fewest groups with an instance.
    private(set) var needed: [Int]
    /// By how much the fullest group may exceed the emptiest, for the levels where that is limited.
    private(set) var skews: [(level: Int, most: Int)] = []
    /// Levels at which something can bind.
    private(set) var ruled: [Int]

    /// Whether hosts have to be told apart. A cap on each host only lowers its room.
    var countsHosts: Bool { ruled.contains(SpreadRule.Level.host.position) }

    init(_ rules: [SpreadRule], base: Int) {
        limits = SpreadRule.Level.positioned.map { _ in nil }
        needed = SpreadRule.Level.positioned.map { _ in 0 }
        var skews: [Int?] = limits
        for rule in rules {
            let level = rule.level.position
            if let limit = rule.limit(for: base) { limits[level] = min(limits[level] ?? limit, limit) }
            needed[level] = max(needed[level], rule.minGroups ?? 0)
            if let skew = rule.maxSkew { skews[level] = min(skews[level] ?? skew, skew) }
        }
        let (limits, needed) = (limits, needed)
        ruled = limits.indices.filter { level in
            let isCounted = needed[level] > 0 || skews[level] != nil
            return isCounted || level != SpreadRule.Level.host.position && limits[level] != nil
        }
        for (level, most) in skews.enumerated() {
            if let most { self.skews.append((level, most)) }
        }
    }
}

extension Supply {
    /// The same room with no more than `limit` instances of the order on any one host.
    func capped(at limit: Int?, for demand: Demand, on inventory: Inventory) -> Supply {
        guard let limit else { return self }
        var capped = self
        for (site, room) in inventory.rooms.enumerated() where sites[site] > 0 {
            for host in room.hosts where hosts[host] > 0 {
                let existing = demand.existing[inventory.hosts[host].id] ?? 0
                capped.lower(host, ofSite: site, to: max(0, limit - existing))
            }
        }
        return capped
    }
}
