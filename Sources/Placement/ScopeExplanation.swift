package import CapacityModel

/// Says of a scope and of each of its parts how much of `demand` would fit there, and what keeps the rest out.
///
/// The whole scope stands first. Its parts are its selectors where there are several, else the groups one level below: areas
/// of the country, provinces of an area, cities of a province, sites of a city; at most `partLimit` of them, by name.
///
/// Every figure is the planner's own with one constraint lifted and all others kept. Where no single one helps, a set is
/// named that helps when all of it is lifted and not when any of it stays: all constraints are lifted, then each is put back
/// as long as more still fits (the deletion filter of Chinneck and Dravnieks, 1991).
package func explain(_ demand: Demand, on inventory: Inventory) -> [ScopePart] {
    let selectors: [Scope.Selector?] = [nil] + demand.scope.parts(among: inventory.sites).prefix(partLimit).map { $0 }
    return selectors.map { selector in
        var asked = demand
        if let selector { asked.scope.include = [selector] }
        return Relaxing(demand: asked, inventory: inventory).part(selector)
    }
}

private let partLimit = 32

private struct Relaxing {
    let demand: Demand
    let inventory: Inventory

    func part(_ selector: Scope.Selector?) -> ScopePart {
        let sites = inventory.sites.indices.filter { demand.scope.admits(inventory.sites[$0]) }
        let plain = most(lifting: [])
        let available = demand.survives == nil ? plain : surviving
        var bindings = plain < demand.count ? bindings(plain) : []
        if available < plain { bindings.insert(Binding(.survival, gain: plain - available), at: 0) }
        return ScopePart(
            selector: selector, sites: sites.count,
            hosts: sites.reduce(0) { $0 + inventory.rooms[$1].hosts.count },
            available: available, missing: max(0, demand.count - available), bindings: bindings
        )
    }

    /// How many fit there together with a spare. What else binds is said of the instances without it.
    private var surviving: Int {
        mostSurviving(demand, supply: Supply(of: demand, on: inventory), on: inventory, asOrder: false)
    }

    private func bindings(_ available: Int) -> [Binding] {
        let constraints = constraints
        let alone = constraints.map { Binding($0, gain: most(lifting: [$0]) - available) }.filter { $0.gain > 0 }
        guard alone.isEmpty else {
            return alone.enumerated().sorted { ($1.element.gain, $0.offset) < ($0.element.gain, $1.offset) }
                .map(\.element)
        }
        guard most(lifting: constraints) > available else { return [] }
        var lifted = constraints
        for constraint in constraints {
            let fewer = lifted.filter { $0 != constraint }
            if most(lifting: fewer) > available { lifted = fewer }
        }
        let gain = most(lifting: lifted) - available
        return lifted.map { Binding($0, gain: gain, isTogether: true) }
    }

    /// The constraints that this demand has, in the order in which equals are named.
    private var constraints: [Constraint] {
        let unit = demand.unit
        var constraints: [Constraint] = demand.scope.exclude.isEmpty ? [] : [.exclusion]
        constraints += demand.scope.capabilities.sorted().map { .capability($0) }
        if unit.gpuUse != nil, unit.gpuModel != nil { constraints.append(.gpuModel) }
        if unit.vcpuMilli > 0 { constraints.append(.vcpu) }
        if unit.memoryMiB > 0 { constraints.append(.memory) }
        if unit.diskGiB > 0 { constraints.append(.disk) }
        if unit.bandwidthMbps > 0 { constraints.append(.bandwidth) }
        if unit.gpuUse != nil { constraints.append(.gpu) }
        if inventory.hasClosures { constraints.append(.closures) }
        if inventory.hidesHeadroom { constraints.append(.headroom) }
        constraints += [.holds, .reservations]
        let levels = SpreadRule.Level.allCases.filter { level in demand.hardRules.contains { $0.level == level } }
        return constraints + levels.map { .spread($0) }
    }

    private func most(lifting constraints: [Constraint]) -> Int {
        var asked = demand
        for constraint in constraints { asked.lift(constraint) }
        let fleet = inventory.lifting(
            reservations: constraints.contains(.reservations), holds: constraints.contains(.holds),
            closures: constraints.contains(.closures), headroom: constraints.contains(.headroom))
        let supply = Supply(of: asked, on: fleet, premise: asked.takesNothing ? .anySpec : .asBooked)
        return mostPlaced(asked, rules: asked.hardRules, supply: supply, on: fleet)
    }
}

extension Demand {
    fileprivate mutating func lift(_ constraint: Constraint) {
        switch constraint {
        case .exclusion: scope.exclude = []
        case .capability(let name): scope.capabilities.remove(name)
        case .vcpu: unit.vcpuMilli = 0
        case .memory: unit.memoryMiB = 0
        case .disk: unit.diskGiB = 0
        case .bandwidth: unit.bandwidthMbps = 0
        case .gpuModel: unit.gpuModel = nil
        case .gpu: (unit.gpuModel, unit.gpuCount, unit.gpuShareMilli) = (nil, 0, 0)
        case .holds, .reservations, .closures, .headroom: break
        case .survival: survives = nil
        case .spread(let level): spread.removeAll { $0.level == level && $0.whenUnsatisfiable == .reject }
        }
    }

    /// Whether nothing is left of what one instance takes.
    fileprivate var takesNothing: Bool {
        unit.vcpuMilli == 0 && unit.memoryMiB == 0 && unit.diskGiB == 0 && unit.bandwidthMbps == 0
            && unit.gpuUse == nil
    }
}

extension Scope {
    /// The parts this scope falls into.
    fileprivate func parts(among sites: [Site]) -> [Selector] {
        guard include.count < 2 else { return include }
        let base = include.first ?? Selector()
        let matched = sites.filter { base.matches($0) }
        func groups(_ name: (Site) -> String?, _ set: (inout Selector, String) -> Void) -> [Selector] {
            Set(matched.compactMap(name)).sorted().map { name in
                var part = base
                set(&part, name)
                return part
            }
        }
        if base.site != nil { return [] }
        if base.city != nil { return groups(\.name) { $0.site = $1 } }
        if base.province != nil { return groups(\.city) { $0.city = $1 } }
        if base.area != nil { return groups(\.province) { $0.province = $1 } }
        return groups(\.area?.rawValue) { $0.area = Area(rawValue: $1) }
    }
}
