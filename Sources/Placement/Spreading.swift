import CapacityModel

/// The best answer over the rules that may be relaxed.
struct Spreading {
    private(set) var problem: SpreadProblem
    private(set) var allocation: SpreadProblem.Allocation?
    /// Beside the demand's: each as it is kept, without any limit where it was dropped.
    private(set) var rules: [SpreadRule]

    /// Tries all rules, then without the last relaxable one, and so on; the first of the largest answers stays.
    init(_ demand: Demand, supply: Supply, on inventory: Inventory) {
        rules = demand.spread
        problem = SpreadProblem(demand, rules: rules, supply: supply, on: inventory)
        allocation = problem.solved()
        var fewer = rules
        while allocation?.total ?? 0 < demand.count,
            let last = fewer.lastIndex(where: { $0.whenUnsatisfiable == .relax && $0.limitsAnything })
        {
            fewer[last] = fewer[last].withoutLimits
            let problem = SpreadProblem(demand, rules: fewer, supply: supply, on: inventory)
            let next = problem.solved()
            if next?.total ?? -1 > allocation?.total ?? -1 {
                (self.problem, allocation, rules) = (problem, next, fewer)
            }
        }
    }

    /// How many problems are solved at most to give back the rules of one order.
    private static let tryLimit = 64

    /// Gives the dropped rules back, in the order of the list, each limit as strict as costs no instance.
    ///
    /// So of two rules the earlier is kept the better, and one that was dropped without need is kept whole. What a limit
    /// allows grows with it, so the strictest is found by bisection; past `tryLimit` problems a limit stays as wide as
    /// it is known to do.
    mutating func soften(_ demand: Demand, supply: Supply, on inventory: Inventory) {
        guard let most = allocation?.total, most > 0 else { return }
        var triesLeft = Self.tryLimit
        for index in rules.indices where rules[index] != demand.spread[index] {
            for limit in SpreadRule.Limit.allCases {
                guard let widest = limit.widest(of: demand.spread[index], for: demand) else { continue }
                var (low, high) = (0, widest)
                var probe = 0
                while low < high, triesLeft > 0 {
                    var stricter = rules
                    stricter[index].take(limit, of: demand.spread[index], widenedBy: probe, for: demand)
                    let problem = SpreadProblem(demand, rules: stricter, supply: supply, on: inventory)
                    triesLeft -= 1
                    if let next = problem.solved(), next.total == most {
                        (self.problem, allocation, rules) = (problem, next, stricter)
                        high = probe
                    } else {
                        low = probe + 1
                    }
                    probe = (low + high) / 2
                }
                // One that cannot bind in the first place.
                if widest == 0 { rules[index].take(limit, of: demand.spread[index], widenedBy: 0, for: demand) }
            }
        }
    }

    /// What became of the rules that are not kept as they were given.
    func relaxed(of demand: Demand) -> [RelaxedRule] {
        zip(demand.spread, rules).filter { $0 != $1 }
            .map { RelaxedRule($0, softenedTo: $1.limitsAnything ? $1 : nil) }
    }
}

extension SpreadRule {
    /// What a rule limits, in the order in which limits are given back.
    enum Limit: CaseIterable {
        case most, minGroups, maxSkew

        /// By how much the limit has to be widened to limit nothing; `nil` where the rule has no such limit.
        func widest(of rule: SpreadRule, for demand: Demand) -> Int? {
            let all = demand.count + demand.existing.values.reduce(0, +)
            let widest: Int? =
                switch self {
                case .most: rule.limit(for: demand.shareBase).map { all - $0 }
                case .minGroups: rule.minGroups.map { $0 - 1 }
                case .maxSkew: rule.maxSkew.map { all - $0 }
                }
            return widest.map { max(0, $0) }
        }
    }

    var limitsAnything: Bool { maxPerGroup != nil || maxShare != nil || minGroups != nil || maxSkew != nil }

    var withoutLimits: SpreadRule { SpreadRule(level: level, whenUnsatisfiable: whenUnsatisfiable) }

    /// Makes one limit that of `rule`, widened by so much.
    fileprivate mutating func take(_ limit: Limit, of rule: SpreadRule, widenedBy width: Int, for demand: Demand) {
        switch limit {
        case .most where width == 0: (maxPerGroup, maxShare) = (rule.maxPerGroup, rule.maxShare)
        case .most: (maxPerGroup, maxShare) = (rule.limit(for: demand.shareBase).map { $0 + width }, nil)
        case .minGroups: minGroups = rule.minGroups.map { $0 - width }
        case .maxSkew: maxSkew = rule.maxSkew.map { $0 + width }
        }
    }
}
