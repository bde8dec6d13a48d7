import CapacityModel

/// The spread rules of `demand`, softened as little as makes all of it fit; `nil` where rules are not what binds.
///
/// A rule may have four limits: the most in a group, the largest share, the fewest groups, the skew. Where one limit less is
/// enough, that one is softened, and the last rule's is tried first, as with rules that may be dropped. Else all are
/// taken out and put back one by one, the first rule's first, as long as everything still fits: none of those left out
/// can be done without. A limit is then not dropped but moved to the nearest value that works.
///
/// At most 64 problems are solved; then what is known to work is the answer, which may be softer than need be.
func softerSpread(for demand: Demand, supply: Supply, on inventory: Inventory) -> [SpreadRule]? {
    var softening = Softening(demand: demand, supply: supply, inventory: inventory)
    return softening.run()
}

private struct Softening {
    let demand: Demand
    let supply: Supply
    let inventory: Inventory
    private var solvesLeft = 64

    init(demand: Demand, supply: Supply, inventory: Inventory) {
        self.demand = demand
        self.supply = supply
        self.inventory = inventory
    }

    /// One limit of one rule.
    private struct Place {
        var rule: Int
        var limit: Limit
    }

    enum Limit: CaseIterable {
        case perGroup, share, groups, skew
    }

    mutating func run() -> [SpreadRule]? {
        let places = demand.spread.indices.filter { demand.spread[$0].whenUnsatisfiable == .reject }
            .flatMap { rule in Limit.allCases.map { Place(rule: rule, limit: $0) } }
            .filter { has($0) }
        for place in places.reversed() where fits(without([place])) { return moved([place]) }
        guard !places.isEmpty, fits(without(places)) else { return nil }
        var dropped = places
        for place in places {
            let fewer = dropped.filter { $0.rule != place.rule || $0.limit != place.limit }
            if fits(without(fewer)) { dropped = fewer }
        }
        return moved(dropped)
    }

    private func has(_ place: Place) -> Bool {
        let rule = demand.spread[place.rule]
        return switch place.limit {
        case .perGroup: rule.maxPerGroup != nil
        case .share: rule.maxShare != nil
        case .groups: rule.minGroups != nil
        case .skew: rule.maxSkew != nil
        }
    }

    private mutating func fits(_ rules: [SpreadRule]) -> Bool {
        guard solvesLeft > 0 else { return false }
        solvesLeft -= 1
        let hard = rules.filter { $0.whenUnsatisfiable == .reject }
        return hasRoom(for: demand, rules: hard, supply: supply, on: inventory)
    }

    private func without(_ places: [Place]) -> [SpreadRule] {
        var rules = demand.spread
        for place in places { rules[place.rule].set(nil, place.limit, base: demand.shareBase) }
        return rules
    }

    /// The rules with each of `places` moved to the nearest value that works while the later ones are still dropped.
    private mutating func moved(_ places: [Place]) -> [SpreadRule] {
        var rules = without(places)
        for place in places {
            let asked = demand.spread[place.rule]
            let value: Int? =
                switch place.limit {
                case .perGroup: least(above: asked.maxPerGroup ?? 0, at: place, in: rules)
                case .share: least(above: asked.shareLimit(of: demand.shareBase), at: place, in: rules)
                case .groups: most(below: asked.minGroups ?? 0, at: place, in: rules)
                case .skew: least(above: asked.maxSkew ?? 0, at: place, in: rules)
                }
            rules[place.rule].set(value, place.limit, base: demand.shareBase)
        }
        return rules.filter { $0.maxPerGroup != nil || $0.maxShare != nil || $0.minGroups != nil || $0.maxSkew != nil }
    }

    /// The smallest cap that works; `nil` where only none is known to. What fits under a cap fits under a larger one.
    private mutating func least(above asked: Int, at place: Place, in rules: [SpreadRule]) -> Int? {
        var (low, high) = (asked, demand.shareBase)
        guard low < high, fits(rules, with: high, at: place) else { return nil }
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if fits(rules, with: middle, at: place) { high = middle } else { low = middle }
        }
        return high
    }

    /// The largest number of groups that works; `nil` where not even one does.
    private mutating func most(below asked: Int, at place: Place, in rules: [SpreadRule]) -> Int? {
        var (low, high) = (0, asked)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if fits(rules, with: middle, at: place) { low = middle } else { high = middle }
        }
        return low > 0 ? low : nil
    }

    private mutating func fits(_ rules: [SpreadRule], with value: Int, at place: Place) -> Bool {
        var rules = rules
        rules[place.rule].set(value, place.limit, base: demand.shareBase)
        return fits(rules)
    }
}

extension SpreadRule {
    /// The cap that the share alone makes of `count`.
    fileprivate func shareLimit(of count: Int) -> Int {
        SpreadRule(level: level, maxShare: maxShare).limit(for: count) ?? count
    }

    fileprivate mutating func set(_ value: Int?, _ limit: Softening.Limit, base: Int) {
        switch limit {
        case .perGroup: maxPerGroup = value
        case .share: maxShare = value.map { min(1, Double($0) / Double(max(1, base))) }
        case .groups: minGroups = value
        case .skew: maxSkew = value
        }
    }
}
