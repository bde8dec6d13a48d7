package import CapacityModel

/// Spreads `demand` over `inventory`: the fullest site first, and in it the tightest hosts, ties by name.
///
/// Pure and deterministic: the same arguments give the same verdict on every machine, which is what lets a quote be
/// replayed as an order. Hard rules are kept exactly: where some placement keeps them, one is found (`SpreadSearch`
/// tells of the one limit). Relaxable rules yield to the count: they are dropped from the last to the first until all
/// instances have a place, then given back from the first to the last, each as strict as costs no instance. Affinities that
/// may be relaxed yield before any rule does, from the last on. A demand that survives the loss of a site is placed with the
/// smallest spare that lets it.
package func place(_ demand: Demand, on inventory: Inventory) -> Verdict {
    var kept = demand
    var best = placeBeside(kept, on: inventory)
    while best.available(of: demand.count) < demand.count,
        let last = kept.neighbours.lastIndex(where: { $0.affinity.whenUnsatisfiable == .relax })
    {
        kept.neighbours.remove(at: last)
        let next = placeBeside(kept, on: inventory)
        guard next.available(of: demand.count) > best.available(of: demand.count) else { continue }
        best = next
        if case .placed(var plan, let missing) = next {
            plan.unkept = demand.neighbours.map(\.affinity).filter { !kept.neighbours.map(\.affinity).contains($0) }
            best = .placed(plan, missing: missing)
        }
    }
    return best
}

extension Verdict {
    /// How many of `count` can be had.
    fileprivate func available(of count: Int) -> Int {
        switch self {
        case .placed(_, let missing): count - missing
        case .short(let shortage): shortage.available
        }
    }
}

/// The verdict with every affinity kept.
func placeBeside(_ demand: Demand, on inventory: Inventory) -> Verdict {
    guard demand.survives == nil else { return placeSurviving(demand, on: inventory) }
    precondition(demand.count >= 0, "a demand's count is not negative; the validator refuses others before this")
    if let (problem, allocation) = SpreadProblem.onShortlist(demand, on: inventory) {
        return .placed(Plan(groups: fill(allocation, of: problem, with: demand, on: inventory)), missing: 0)
    }
    let supply = Supply(of: demand, on: inventory)
    var spreading = Spreading(demand, supply: supply, on: inventory)
    let placed = spreading.allocation?.total ?? 0
    guard placed >= demand.leastAcceptable, placed > 0 || isWorthWaiting(for: demand, on: inventory) else {
        return .short(shortage(of: demand, available: placed, supply: supply, on: inventory))
    }
    spreading.soften(demand, supply: supply, on: inventory)
    let groups = spreading.allocation.map { fill($0, of: spreading.problem, with: demand, on: inventory) } ?? []
    return .placed(Plan(groups: groups, relaxed: spreading.relaxed(of: demand)), missing: demand.count - placed)
}

/// Whether an empty fleet had a place for any of it, so that there is something to wait for.
private func isWorthWaiting(for demand: Demand, on inventory: Inventory) -> Bool {
    let empty = Supply(of: demand, on: inventory, premise: .empty)
    return demand.count == 0 || Spreading(demand, supply: empty, on: inventory).allocation?.total ?? 0 > 0
}

/// Gives each site's instances to its hosts, where they were not given to hosts at once, and to their GPUs.
private func fill(
    _ allocation: SpreadProblem.Allocation,
    of problem: SpreadProblem,
    with demand: Demand,
    on inventory: Inventory
) -> [Plan.Group] {
    var groups: [Plan.Group] = []
    for (candidate, count) in allocation.taken.enumerated() where count > 0 {
        let position = problem.candidates.positions[candidate]
        let shares =
            problem.candidates.areHosts
            ? [(position, count)]
            : problem.room.hosts(for: count, among: inventory.rooms[position].hosts, on: inventory)
        for (index, count) in shares {
            let host = inventory.hosts[index]
            let group = Plan.Group(host: host.id, site: host.site, count: count)
            groups +=
                demand.unit.gpuUse.map { use in
                    DeviceRoom(of: index, on: inventory, during: demand.held).devices(for: count, of: use).map { set in
                        Plan.Group(host: group.host, site: group.site, count: set.count, devices: set.devices)
                    }
                } ?? [group]
        }
    }
    return groups.sorted { ($0.host, $0.devices.first ?? 0) < ($1.host, $1.devices.first ?? 0) }
}
