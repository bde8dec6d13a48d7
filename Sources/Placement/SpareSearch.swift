import CapacityModel

/// Looks for the smallest spare with which a demand survives the loss of any one site.
///
/// With n instances and a spare of s, what is left after a loss is n when at most s of the n + s are at one site. Let F(s) be the most
/// that fits with at most s at each site, under the limits of the hard rules. A spare of s is enough where F(s) - s >= n. F
/// is the value of a largest flow whose arcs grow with s, so it is concave, and what is enough is one interval: Newton's
/// steps from below never pass its beginning, and where the next site brings no more than it takes, nothing larger helps.
/// `minGroups` and `maxSkew` are about the n alone, and a larger s only makes them easier.
struct SpareSearch {
    private let demand: Demand
    private let rules: [SpreadRule]
    private let supply: Supply
    private let inventory: Inventory
    /// How many problems were solved.
    private(set) var solves = 0

    /// A search takes two solutions for each step. Steps pass the sizes of sites, of which most are alike.
    private static let solveLimit = 256

    init(_ demand: Demand, rules: [SpreadRule], supply: Supply, on inventory: Inventory) {
        self.demand = demand
        self.rules = rules
        self.supply = supply
        self.inventory = inventory
    }

    /// Never more than all together: whatever larger spare is enough, a part of it of that size is.
    private var largest: Int { demand.count + demand.existing.values.reduce(0, +) }

    /// No less than is there already, nor than one site has.
    private var least: Int {
        var sites: [Int: Int] = [:]
        for (host, count) in demand.existing {
            if let site = inventory.siteIndex(ofHost: host) { sites[site, default: 0] += count }
        }
        return max(1, demand.existingSpare, sites.values.max() ?? 0)
    }

    /// The smallest spare that is enough, at least `lowest`; `nil` where none is, or none was found within the bound.
    mutating func smallest(from lowest: Int = 1) -> Int? {
        var spare = max(least, lowest)
        while spare <= largest, solves < Self.solveLimit {
            let wanted = demand.count + spare - demand.existingSpare
            let most = most(with: spare)
            if most >= wanted {
                guard let enough = leastForCount(from: spare) else { return nil }
                if enough == spare { return spare }
                spare = enough
                continue
            }
            let gain = self.most(with: spare + 1) - most
            guard gain > 1 else { return nil }
            spare += (wanted - most + gain - 2) / (gain - 1)
        }
        return nil
    }

    /// The limits that hold for instances and spare together, with at most `spare` at each site.
    static func limits(of rules: [SpreadRule], with spare: Int) -> [SpreadRule] {
        rules.compactMap { rule in
            guard rule.maxPerGroup != nil || rule.maxShare != nil else { return nil }
            return SpreadRule(level: rule.level, maxPerGroup: rule.maxPerGroup, maxShare: rule.maxShare)
        } + [cap(spare)]
    }

    /// That at most `spare` are at one site.
    static func cap(_ spare: Int) -> SpreadRule { SpreadRule(level: .site, maxPerGroup: spare) }

    private mutating func most(with spare: Int) -> Int {
        var all = demand
        all.count = demand.count + largest - demand.existingSpare
        return solve(all, Self.limits(of: rules, with: spare))
    }

    /// The smallest spare from `spare` on whose cap leaves all of the count a place under all rules.
    private mutating func leastForCount(from spare: Int) -> Int? {
        let isOfLimits = !rules.contains { $0.minGroups != nil || $0.maxSkew != nil }
        if demand.count == 0 || isOfLimits { return spare }
        if fitsCount(under: spare) { return spare }
        var (low, high) = (spare, largest)
        guard low < high, fitsCount(under: high) else { return nil }
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if fitsCount(under: middle) { high = middle } else { low = middle }
        }
        return high
    }

    private mutating func fitsCount(under spare: Int) -> Bool {
        solve(demand, rules + [Self.cap(spare)]) == demand.count
    }

    private mutating func solve(_ demand: Demand, _ rules: [SpreadRule]) -> Int {
        solves += 1
        return SpreadProblem(demand, rules: rules, supply: supply, on: inventory).solved()?.total ?? 0
    }
}

/// Whether enough of `demand` fits under `rules`, its spare included where it has one; carrier rules are looked at only briefly.
func hasRoom(for demand: Demand, rules: [SpreadRule], supply: Supply, on inventory: Inventory) -> Bool {
    guard demand.survives != nil else {
        return mostPlaced(demand, rules: rules, supply: supply, on: inventory) >= demand.enough
    }
    var search = SpareSearch(demand, rules: rules, supply: supply, on: inventory)
    return search.smallest() != nil
}

/// The most instances of `demand`, up to its count, that fit together with a spare; found by bisection.
///
/// - Parameter isWhole: Whether shares are taken of what is found, as in an order of its own, or of the demand's count.
func mostSurviving(_ demand: Demand, supply: Supply, on inventory: Inventory, asOrder isWhole: Bool) -> Int {
    var (low, high) = (0, demand.count + 1)
    while high - low > 1 {
        let middle = low + (high - low) / 2
        var fewer = demand
        fewer.count = middle
        if isWhole, demand.shareBase == demand.count { fewer.shareBase = middle }
        let fits = hasRoom(for: fewer, rules: fewer.hardRules, supply: supply, on: inventory)
        if fits { low = middle } else { high = middle }
    }
    return low
}
