import CapacityModel
import Placement

/// Says what becomes of relaxable rules, from the sentences of the documentation: it tries every number one by one.
struct RelaxingOracle {
    private let demand: Demand
    private let fleet: TinyFleet

    init(_ demand: Demand, fleet: TinyFleet) {
        self.demand = demand
        self.fleet = fleet
    }

    var answer: (most: Int, relaxed: [RelaxedRule]) {
        var (most, kept) = dropped
        let given = demand.spread
        let all = demand.count + demand.existing.values.reduce(0, +)
        for index in kept.indices where kept[index] != given[index] {
            if let limit = given[index].limit(for: demand.shareBase) {
                let share = given[index].maxShare
                let own = given[index].maxPerGroup
                keepFirst(limit...max(limit, all), below: all, of: most, in: &kept) { rules, most in
                    (rules[index].maxPerGroup, rules[index].maxShare) = most == limit ? (own, share) : (most, nil)
                }
            }
            if let groups = given[index].minGroups {
                keepFirst(-groups ... -1, below: -1, of: most, in: &kept) { $0[index].minGroups = -$1 }
            }
            if let skew = given[index].maxSkew {
                keepFirst(skew...max(skew, all), below: all, of: most, in: &kept) { $0[index].maxSkew = $1 }
            }
        }
        most = max(0, most)
        let relaxed = zip(given, kept).filter { $0 != $1 }.map { rule, kept in
            let isDropped = kept == SpreadRule(level: kept.level, whenUnsatisfiable: .relax)
            return RelaxedRule(rule, softenedTo: isDropped ? nil : kept)
        }
        return (most, relaxed)
    }

    /// The most that can be had by dropping rules from the last on, and the rules when that is first had.
    private var dropped: (most: Int, kept: [SpreadRule]) {
        var rules = demand.spread
        var best = (most: placed(rules), kept: rules)
        for index in rules.indices.reversed() where rules[index].whenUnsatisfiable == .relax {
            if best.most == demand.count { break }
            rules[index] = SpreadRule(level: rules[index].level, whenUnsatisfiable: .relax)
            let most = placed(rules)
            if most > best.most { best = (most, rules) }
        }
        return best
    }

    /// Takes over the first number of `range` with which as many are placed; none from `useless` on, unless there is no
    /// other.
    private func keepFirst(
        _ range: ClosedRange<Int>, below useless: Int, of most: Int, in rules: inout [SpreadRule],
        _ set: (inout [SpreadRule], Int) -> Void
    ) {
        for number in range where number < useless || range.lowerBound >= useless {
            var trial = rules
            set(&trial, number)
            if number >= useless || placed(trial) == most {
                rules = trial
                return
            }
        }
    }

    private func placed(_ rules: [SpreadRule]) -> Int {
        PlacementOracle(demand, rules: rules, fleet: fleet).most ?? -1
    }
}
