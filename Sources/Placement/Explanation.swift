import CapacityModel

/// Says what binds a demand of which only `available` can be placed, the tightest bound first.
///
/// Each figure is that of the same planner with one bound lifted and the others kept, so a figure is a fact and not
/// an estimate. Relaxable rules are dropped already: they bind nobody.
func shortage(of demand: Demand, available: Int, supply: Supply, on inventory: Inventory) -> Shortage {
    let explanation = Explanation(demand: demand, available: available, supply: supply, inventory: inventory)
    let gaps = explanation.gaps
    let isTooLarge = gaps.contains { $0.bound == .spec }
    return Shortage(
        available: available, missing: demand.count - available, gap: gaps,
        excess: isTooLarge ? excess(of: demand, on: inventory) : []
    )
}

private struct Explanation {
    let demand: Demand
    let available: Int
    let supply: Supply
    let inventory: Inventory

    private var hardRules: [SpreadRule] { demand.spread.filter { $0.whenUnsatisfiable == .reject } }

    var gaps: [Gap] {
        if supply.admitted == 0 { return [scopeGap] }
        let empty = Supply(of: demand, on: inventory, premise: .empty)
        let neighbours = demand.neighbours.isEmpty ? [] : [affinityGap]
        // What is protected comes first among equals: without it there would be the room that the next says is missing.
        let protected = headroomGap.map { [$0] } ?? []
        if !empty.sites.contains(where: { $0 > 0 }) {
            let others = protected + neighbours
            return others.isEmpty ? [specGap] : others
        }
        let gaps = protected + [capacityGap(empty: empty)] + neighbours + hardLevels.map(spreadGap)
        let binding = gaps.filter { $0.missing > 0 }
        guard binding.isEmpty else {
            return binding.enumerated()
                .sorted { ($1.element.missing, $0.offset) < ($0.element.missing, $1.offset) }
                .map(\.element)
        }
        // No bound keeps anything out by itself; together they do.
        return gaps.map { gap in
            var gap = gap
            gap.detail += " Lifted alone it would not help: the bounds listed here bind together."
            return gap
        }
    }

    private var hardLevels: [SpreadRule.Level] {
        SpreadRule.Level.allCases.filter { level in hardRules.contains { $0.level == level } }
    }

    /// How many more could be placed with this supply and these rules.
    private func gain(demand: Demand, supply: Supply, rules: [SpreadRule]) -> Int {
        let problem = SpreadProblem(demand, rules: rules, supply: supply, on: inventory)
        return max(0, (problem.solved()?.total ?? 0) - available)
    }

    private var scopeGap: Gap {
        var nationwide = demand
        nationwide.scope = .nationwide
        let supply = Supply(of: nationwide, on: inventory)
        let gain = gain(demand: nationwide, supply: supply, rules: hardRules)
        return Gap(
            bound: .scope,
            missing: gain,
            detail: "None of the \(inventory.sites.count) sites matches the scope. Nationwide \(gain) would fit."
        )
    }

    private var specGap: Gap {
        let supply = Supply(of: demand, on: inventory, premise: .anySpec)
        let gain = gain(demand: demand, supply: supply, rules: hardRules)
        return Gap(
            bound: .spec,
            missing: gain,
            detail: "No host at the \(sites(supply.admitted)) in scope is large enough for one instance of "
                + "\(demand.unit.text), even when empty."
        )
    }

    private func capacityGap(empty: Supply) -> Gap {
        let unbounded = Supply(of: demand, on: inventory, premise: .unbounded)
        let free = supply.sites.reduce(0, +)
        let whenEmpty = empty.sites.reduce(0, +)
        return Gap(
            bound: .capacity,
            missing: gain(demand: demand, supply: unbounded, rules: hardRules),
            detail: "The \(sites(supply.admitted)) in scope have room for \(free) of \(demand.unit.text) from "
                + "\(demand.held.start) to \(demand.held.end), and for \(whenEmpty) when nothing is reserved."
                + closedText + fragmentation(of: demand, on: inventory)
        )
    }

    /// That hosts in scope are closed in the window, where any are.
    private var closedText: String {
        let closed = zip(inventory.sites, inventory.rooms).reduce(0) { sum, place in
            guard demand.scope.admits(place.0) else { return sum }
            return sum + inventory.closedCount(in: place.1.hosts, during: demand.held)
        }
        guard closed > 0 else { return "" }
        return closed == 1 ? " One of their hosts is closed then." : " \(closed) of their hosts are closed then."
    }

    private var affinityGap: Gap {
        var alone = demand
        alone.neighbours = []
        let gain = gain(demand: alone, supply: Supply(of: alone, on: inventory), rules: hardRules)
        let others = demand.neighbours.map(\.affinity).map { affinity in
            "\(affinity.kind == .together ? "with" : "apart from") \(affinity.order.text) by \(affinity.level.rawValue)"
        }
        return Gap(
            bound: .affinity, missing: gain,
            detail: "To stand \(others.joined(separator: " and ")) keeps \(gain) more out.")
    }

    /// What is protected for other tenants; `nil` where an instance would not fit there either.
    private var headroomGap: Gap? {
        guard inventory.hidesHeadroom else { return nil }
        let unprotected = inventory.seen(by: nil)
        let empty = Supply(of: demand, on: unprotected, premise: .empty)
        guard empty.sites.contains(where: { $0 > 0 }) else { return nil }
        let gain = gain(demand: demand, supply: Supply(of: demand, on: unprotected), rules: hardRules)
        return Gap(
            bound: .headroom, missing: gain,
            detail: "Capacity that is protected for tenants of other classes keeps \(gain) more out.")
    }

    private func spreadGap(_ level: SpreadRule.Level) -> Gap {
        let gain = gain(demand: demand, supply: supply, rules: hardRules.filter { $0.level != level })
        let rules = hardRules.filter { $0.level == level }.map { $0.text(count: demand.shareBase) }
        return Gap(
            bound: .spread,
            level: level,
            missing: gain,
            detail: "The rule of \(rules.joined(separator: " and ")) keeps \(gain) more out."
        )
    }

    private func sites(_ count: Int) -> String { count == 1 ? "1 site" : "\(count) sites" }
}

extension Resources {
    /// The amounts that are not zero, for a person: `1.5 vCPU, 2048 MiB`.
    fileprivate var text: String {
        var parts = ["\(coresText(vcpuMilli)) vCPU", "\(memoryMiB) MiB"]
        if diskGiB > 0 { parts.append("\(diskGiB) GiB disk") }
        if bandwidthMbps > 0 { parts.append("\(bandwidthMbps) Mbps") }
        if gpuUse != nil {
            let count = gpuShareMilli > 0 ? coresText(gpuShareMilli) : "\(gpuCount)"
            parts.append("\(count) GPU \(gpuModel ?? "of any model")")
        }
        return parts.joined(separator: ", ")
    }
}

/// Thousandths of a core as cores: `1.5`.
func coresText(_ milli: Int64) -> String {
    let digits = String(String(1_000 + milli % 1_000).dropFirst())
    let fraction = digits.reversed().drop { $0 == "0" }.reversed()
    return "\(milli / 1_000)" + (fraction.isEmpty ? "" : "." + fraction)
}

extension SpreadRule {
    /// The rule for a person: `at most 8 per site`.
    fileprivate func text(count: Int) -> String {
        var parts: [String] = []
        if let limit = limit(for: count) { parts.append("at most \(limit) per \(level.rawValue)") }
        if let minGroups { parts.append("at least \(minGroups) \(level.plural)") }
        if let maxSkew {
            parts.append("at most \(maxSkew) more in the fullest \(level.rawValue) than in the emptiest that is used")
        }
        return parts.joined(separator: " and ")
    }
}

extension SpreadRule.Level {
    fileprivate var plural: String {
        switch self {
        case .host: "hosts"
        case .site: "sites"
        case .city: "cities"
        case .province: "provinces"
        case .area: "areas"
        case .carrier: "carriers"
        }
    }
}
