import CapacityModel
import Placement

/// Finds the smallest spare by trying every one, every way to share the instances out, and every way to add the spare.
struct SurvivalOracle {
    let fleet: TinyFleet
    let demand: Demand

    /// The smallest spare with which the count survives the loss of any site, or `nil`. Twice what could ever help is tried.
    var smallest: Int? {
        (1...(2 * demand.count)).first { isEnough($0) }
    }

    private func isEnough(_ spare: Int) -> Bool {
        let cap = SpreadRule(level: .site, maxPerGroup: spare)
        let isByHost = demand.spread.contains { $0.level == .host }
        let limits = demand.spread.map {
            SpreadRule(level: $0.level, maxPerGroup: $0.maxPerGroup, maxShare: $0.maxShare)
        }
        var all = demand
        all.count += spare
        let instances = PlacementOracle(demand, rules: demand.spread + [cap], fleet: fleet, isByHost: isByHost)
        let together = PlacementOracle(all, rules: limits + [cap], fleet: fleet, isByHost: isByHost)
        guard instances.most == demand.count, together.most == all.count else { return false }
        return Self.some(from: instances.room.map { _ in 0 }, adding: demand.count, in: instances) { taken in
            Self.some(from: taken, adding: spare, in: together) { _ in true }
        }
    }

    /// Whether some way to add `count` to `start` keeps the rules and passes `test`.
    private static func some(
        from start: [Int], adding count: Int, in oracle: PlacementOracle, where test: ([Int]) -> Bool
    ) -> Bool {
        var taken = start
        func choose(_ place: Int, rest: Int) -> Bool {
            guard place < taken.count else { return rest == 0 && oracle.holds(taken) && test(taken) }
            let before = taken[place]
            defer { taken[place] = before }
            for amount in 0...max(0, min(rest, oracle.room[place] - before)) {
                taken[place] = before + amount
                if choose(place + 1, rest: rest - amount) { return true }
            }
            return false
        }
        return choose(0, rest: count)
    }
}

/// Says what is wrong with a plan that has a spare, without the planner's help.
struct SurvivalChecker {
    let fleet: TinyFleet
    let demand: Demand

    func faults(of plan: Plan) -> [String] {
        var alone = demand
        alone.survives = nil
        var faults = PlacementChecker(fleet: fleet, demand: alone).faults(of: plan, missing: 0)
        // Whatever of the spare is delivered in the end: no host is oversold, no limit exceeded.
        alone.count += plan.spareCount
        alone.leastAcceptable = alone.count
        alone.spread = demand.spread.filter { $0.whenUnsatisfiable == .reject }.map {
            SpreadRule(level: $0.level, maxPerGroup: $0.maxPerGroup, maxShare: $0.maxShare)
        }
        let together = Plan(groups: Self.merged(plan.taken))
        let checker = PlacementChecker(fleet: fleet, demand: alone)
        faults += checker.faults(of: together, missing: 0).map { "together: \($0)" }
        let all = plan.taken.reduce(0) { $0 + $1.count }
        for site in fleet.sites {
            let left = all - plan.taken.filter { $0.site == site.id }.reduce(0) { $0 + $1.count }
            if left < demand.count { faults.append("without \(site.name) \(left) of \(demand.count) are left") }
        }
        return faults
    }

    private static func merged(_ groups: [Plan.Group]) -> [Plan.Group] {
        var merged: [Plan.Group] = []
        for group in groups.sorted(by: { ($0.host, $0.devices.first ?? 0) < ($1.host, $1.devices.first ?? 0) }) {
            if let last = merged.last, last.host == group.host, last.devices == group.devices {
                merged[merged.count - 1].count += group.count
            } else {
                merged.append(group)
            }
        }
        return merged
    }
}
