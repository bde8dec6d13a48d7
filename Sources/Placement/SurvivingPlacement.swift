import CapacityModel

/// Places all of `demand` together with the smallest spare that makes up for the loss of any one site; or says how many could
/// be placed so.
///
/// The instances are placed first, by all rules and with no more at a site than the spare, then the spare beside them under the
/// limits of the hard rules: where nested limits allow both together, they allow the second after any first (a laminar
/// matroid's independent set grows to a largest one). Rules that may be relaxed yield to the spare as they do to the count.
func placeSurviving(_ demand: Demand, on inventory: Inventory, improving budget: ImprovementBudget) -> Verdict {
    precondition(demand.count >= 0, "a demand's count is not negative; the validator refuses others before this")
    let supply = Supply(of: demand, on: inventory)
    var search = SpareSearch(demand, rules: demand.hardRules, supply: supply, on: inventory)
    var lowest = 1
    // Mostly the first is right. Where carriers have rules it may not grow to the largest; a larger spare leaves more room.
    for _ in 0..<spareTries {
        guard let spare = search.smallest(from: lowest) else { break }
        if let plan = plan(demand, spare: spare, on: inventory, improving: budget) { return .placed(plan, missing: 0) }
        lowest = spare + 1
    }
    return .short(shortageOfSpare(demand, supply: supply, on: inventory))
}

private let spareTries = 8

/// The instances and their spare; `nil` where the spare does not fit beside them.
private func plan(
    _ demand: Demand, spare: Int, on inventory: Inventory, improving budget: ImprovementBudget
) -> Plan? {
    if let plan = instancesFirst(demand, spare: spare, on: inventory, improving: budget) { return plan }
    let isOfLimits = !demand.hardRules.contains { $0.minGroups != nil || $0.maxSkew != nil }
    return isOfLimits ? together(demand, spare: spare, on: inventory, improving: budget) : nil
}

private func instancesFirst(
    _ demand: Demand, spare: Int, on inventory: Inventory, improving budget: ImprovementBudget
) -> Plan? {
    var instances = demand.withoutSpare
    instances.spread.append(SpareSearch.cap(spare))
    guard case .placed(var plan, missing: 0) = placeBeside(instances, on: inventory, improving: budget) else {
        return nil
    }
    var rest = inventory
    rest.take(plan, of: demand.unit, during: demand.held)
    var beside = demand.withoutSpare
    beside.count = spare - demand.existingSpare
    beside.leastAcceptable = beside.count
    beside.spread = SpareSearch.limits(of: demand.hardRules, with: spare)
    for group in plan.groups { beside.existing[group.host, default: 0] += group.count }
    guard case .placed(let found, missing: 0) = placeBeside(beside, on: rest, improving: budget) else { return nil }
    plan.spare = found.groups
    return plan
}

/// Both as one, where no rule tells them apart; the instances are the first of it.
private func together(
    _ demand: Demand, spare: Int, on inventory: Inventory, improving budget: ImprovementBudget
) -> Plan? {
    var all = demand.withoutSpare
    all.count = demand.count + spare - demand.existingSpare
    all.leastAcceptable = all.count
    all.spread = SpareSearch.limits(of: demand.hardRules, with: spare)
    guard case .placed(let found, missing: 0) = placeBeside(all, on: inventory, improving: budget) else { return nil }
    let relaxed = demand.spread.filter { $0.whenUnsatisfiable == .relax }
    var plan = Plan(groups: [], relaxed: relaxed.map { RelaxedRule($0) })
    var rest = demand.count
    for group in found.groups {
        var (instances, beside) = (group, group)
        instances.count = min(rest, group.count)
        beside.count = group.count - instances.count
        rest -= instances.count
        if instances.count > 0 { plan.groups.append(instances) }
        if beside.count > 0 { plan.spare.append(beside) }
    }
    return plan
}

/// What binds a demand that cannot be placed with its spare: what binds it without, and the spare.
private func shortageOfSpare(_ demand: Demand, supply: Supply, on inventory: Inventory) -> Shortage {
    let available = mostSurviving(demand, supply: supply, on: inventory, asOrder: false)
    var shortage = Shortage(available: available, missing: demand.count - available, gap: [])
    var without = demand.count
    if case .short(let plain) = placeBeside(demand.withoutSpare, on: inventory) {
        without = plain.available
        shortage.gap = plain.gap
        shortage.excess = plain.excess
    }
    if without > available || shortage.gap.isEmpty {
        let sites = supply.sites.count { $0 > 0 }
        shortage.gap.append(
            Gap(
                bound: .survival, missing: max(0, without - available),
                detail: "Without a spare \(without) would fit; with one that makes up for the loss of any one of "
                    + "the \(sites) sites that have room, \(available) do.")
        )
    }
    return shortage
}

extension Demand {
    /// The same without having to survive anything, all or nothing.
    var withoutSpare: Demand {
        var demand = self
        demand.survives = nil
        demand.leastAcceptable = demand.count
        return demand
    }
}
