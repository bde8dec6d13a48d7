package import CapacityModel

/// Why a plan is as it is: what each constraint left over, how the spread rules were used, and which sites were preferred.
package struct PlanExplanation: Hashable, Sendable {
    /// What is left of the fleet after one constraint more.
    package struct Step: Hashable, Sendable {
        package enum Name: String, CaseIterable, Sendable {
            /// All there is.
            case fleet
            /// What the scope includes, then what it does not exclude, then what has the capabilities.
            case included, notExcluded, capable
            /// Hosts that are large enough for one instance when empty.
            case largeEnough
            /// Hosts that have room for one throughout the window.
            case free
            /// What the plan takes.
            case used
        }

        package var name: Name
        package var sites: Int
        package var hosts: Int
        /// How many would fit there as far as amounts go, from `largeEnough` on.
        package var instances: Int?
    }

    /// How one spread rule was kept.
    package struct Use: Hashable, Sendable {
        package var rule: SpreadRule
        /// The most it allows in a group, where it says so.
        package var limit: Int?
        /// How many groups the plan uses, and the most instances in one of them.
        package var groups: Int
        package var largest: Int
        package var isRelaxed: Bool
    }

    /// A site of the plan.
    package struct Choice: Hashable, Sendable {
        package var site: String
        /// Its place in the order of preference, from 1: the less room is left at a site, the sooner it is used.
        package var rank: Int
        /// How many would have fitted there.
        package var room: Int
        package var count: Int
    }

    package var steps: [Step]
    package var uses: [Use]
    /// By rank.
    package var choices: [Choice]
}

/// Explains `plan`, which ``place(_:on:improving:)`` made of `demand` on this inventory.
package func explain(_ plan: Plan, of demand: Demand, on inventory: Inventory) -> PlanExplanation {
    var counts: [SiteID: Int] = [:]
    for group in plan.groups { counts[group.site, default: 0] += group.count }
    let supply = Supply(of: demand, on: inventory)
    // The list that it was placed on, if it was: with a spare an order is placed on all sites in the end, or on another list.
    let list = SpreadProblem.onShortlist(demand, on: inventory)?.problem.room
    let isOnList = list.map { list in
        inventory.sites.indices.allSatisfy { list.sites[$0] > 0 || counts[inventory.sites[$0].id] == nil }
    }
    let room = isOnList == true ? list : nil
    let problem = SpreadProblem(demand, rules: [], supply: room ?? supply, on: inventory)
    let choices = problem.candidates.positions.enumerated().compactMap { rank, site -> PlanExplanation.Choice? in
        guard let count = counts[inventory.sites[site].id] else { return nil }
        return PlanExplanation.Choice(
            site: inventory.sites[site].name, rank: rank + 1, room: supply.sites[site], count: count)
    }
    return PlanExplanation(
        steps: steps(of: demand, plan: plan, supply: supply, on: inventory),
        uses: demand.spread.map { use(of: $0, demand: demand, plan: plan, on: inventory) },
        choices: choices
    )
}

private func steps(
    of demand: Demand, plan: Plan, supply: Supply, on inventory: Inventory
) -> [PlanExplanation.Step] {
    func step(_ name: PlanExplanation.Step.Name, _ scope: Scope) -> PlanExplanation.Step {
        let sites = inventory.sites.indices.filter { scope.admits(inventory.sites[$0]) }
        let hosts = sites.reduce(0) { $0 + inventory.rooms[$1].hosts.count }
        return PlanExplanation.Step(name: name, sites: sites.count, hosts: hosts)
    }
    func step(_ name: PlanExplanation.Step.Name, _ supply: Supply) -> PlanExplanation.Step {
        PlanExplanation.Step(
            name: name, sites: supply.sites.count { $0 > 0 }, hosts: supply.hosts.count { $0 > 0 },
            instances: supply.sites.reduce(0, +))
    }
    let scope = demand.scope
    return [
        step(.fleet, .nationwide),
        step(.included, Scope(include: scope.include)),
        step(.notExcluded, Scope(include: scope.include, exclude: scope.exclude)),
        step(.capable, scope),
        step(.largeEnough, Supply(of: demand, on: inventory, premise: .empty)),
        step(.free, supply),
        PlanExplanation.Step(
            name: .used, sites: Set(plan.groups.map(\.site)).count, hosts: Set(plan.groups.map(\.host)).count,
            instances: plan.count),
    ]
}

private func use(
    of rule: SpreadRule, demand: Demand, plan: Plan, on inventory: Inventory
) -> PlanExplanation.Use {
    var groups: [String: Int] = [:]
    for group in plan.groups {
        guard let site = inventory.site(group.site), let host = inventory.host(group.host) else { continue }
        groups[rule.level.group(of: site, host: host), default: 0] += group.count
    }
    return PlanExplanation.Use(
        rule: rule, limit: rule.limit(for: demand.shareBase), groups: groups.count,
        largest: groups.values.max() ?? 0, isRelaxed: plan.relaxed.contains { $0.rule == rule })
}
