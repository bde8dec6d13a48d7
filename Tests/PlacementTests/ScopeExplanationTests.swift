import CapacityModel
import Placement
import Testing

@Suite("What binds, part by part")
struct ScopeExplanationTests {
    @Test("lifting what is named lets as many more fit as is said; lifting anything else lets none")
    func honest() {
        var (alone, together) = (0, 0)
        for seed in 0..<300 {
            var random = SplitMix64(seed: UInt64(seed) &+ 8_000_000)
            let world = World(random: &random)
            guard let whole = explain(world.demand, on: world.fleet.inventory).first else { continue }
            let available = world.most(lifting: [])
            #expect(whole.available == available, "seed \(seed)")
            guard available < world.demand.count else {
                #expect(whole.bindings.isEmpty, "seed \(seed)")
                continue
            }
            let gains = world.constraints.map { ($0, world.most(lifting: [$0]) - available) }.filter { $0.1 > 0 }
            if gains.isEmpty {
                let named = whole.bindings.map(\.constraint)
                #expect(whole.bindings.allSatisfy { $0.isTogether }, "seed \(seed)")
                guard !named.isEmpty else {
                    #expect(world.most(lifting: world.constraints) == available, "seed \(seed)")
                    continue
                }
                together += 1
                #expect(named.count > 1 && world.most(lifting: named) > available, "seed \(seed)")
                for kept in named {
                    #expect(world.most(lifting: named.filter { $0 != kept }) == available, "seed \(seed)")
                }
            } else {
                alone += 1
                let expected = Dictionary(uniqueKeysWithValues: gains)
                let found = Dictionary(uniqueKeysWithValues: whole.bindings.map { ($0.constraint, $0.gain) })
                #expect(found == expected, "seed \(seed)")
            }
        }
        #expect(alone > 50 && together > 3)
    }

    @Test("each part says what it has, what is missing there, and why, whoever it is that holds")
    func parts() {
        var fleet = TinyFleet()
        fleet.add("gz", city: "4401", cores: [4])
        fleet.add("sz", city: "4403", cores: [4])
        fleet.add("zh", city: "4404", cores: [2])
        fleet.reserve("gz-h1", hours: 9..<12, cores: 3)
        fleet.reserve("sz-h1", hours: 9..<12, cores: 4)
        fleet.reservations[1].isHold = true
        let demand = Demand.cores(4, scope: Scope(include: [Scope.Selector(province: "44")]))
        let parts = explain(demand, on: fleet.inventory)
        #expect(parts.map { $0.selector?.city } == [nil, "4401", "4403", "4404"])
        #expect(parts.map(\.available) == [3, 1, 0, 2])
        #expect(parts.map(\.missing) == [1, 3, 4, 2])
        #expect(parts[1].bindings == [Binding(.vcpu, gain: 3), Binding(.reservations, gain: 3)])
        let held = [Binding(.vcpu, gain: 4), Binding(.holds, gain: 4), Binding(.reservations, gain: 4)]
        #expect(parts[2].bindings == held)
        #expect(parts[3].bindings == [Binding(.vcpu, gain: 2)])
    }

    @Test("several selectors are the parts; without any, the areas are")
    func selectors() {
        var fleet = TinyFleet()
        for city in ["1101", "3101", "4401"] { fleet.add(city, city: city, cores: [1]) }
        func selectors(_ scope: Scope) -> [Scope.Selector?] {
            explain(.cores(9, scope: scope), on: fleet.inventory).map(\.selector)
        }
        let two = [Scope.Selector(province: "11"), Scope.Selector(province: "44")]
        #expect(selectors(Scope(include: two)) == [nil] + two)
        #expect(selectors(.nationwide).dropFirst().map { $0?.area } == [.east, .north, .south])
    }
}

/// A fleet and a demand in which any of several constraints may bind, and what fits with some of them lifted, found without
/// the planner.
private struct World {
    var fleet: TinyFleet
    var demand: Demand

    init(random: inout SplitMix64) {
        fleet = TinyFleet(random: &random)
        for index in fleet.hosts.indices {
            fleet.hosts[index].allocatable.diskGiB = Int64(random.below(4))
            fleet.hosts[index].allocatable.memoryMiB = Int64(1 + random.below(4)) * 2_048
        }
        for index in fleet.sites.indices where random.below(2) == 0 { fleet.sites[index].capabilities = ["l7lb"] }
        for index in fleet.reservations.indices { fleet.reservations[index].isHold = random.below(2) == 0 }
        demand = Demand(random: &random, fleet: fleet, relaxable: false)
        if random.below(2) == 0 { demand.unit.diskGiB = 1 }
        if random.below(3) == 0 { demand.scope.capabilities = ["l7lb"] }
    }

    var constraints: [Constraint] {
        var constraints: [Constraint] = [.vcpu, .memory, .holds, .reservations]
        if !demand.scope.exclude.isEmpty { constraints.append(.exclusion) }
        if demand.unit.diskGiB > 0 { constraints.append(.disk) }
        if !demand.scope.capabilities.isEmpty { constraints.append(.capability("l7lb")) }
        let levels = Set(demand.spread.map(\.level))
        return constraints + SpreadRule.Level.allCases.filter { levels.contains($0) }.map { .spread($0) }
    }

    /// Gives every host so much of what is lifted that it cannot bind.
    func most(lifting lifted: [Constraint]) -> Int {
        var (fleet, demand) = (fleet, demand)
        for constraint in lifted {
            switch constraint {
            case .vcpu: for index in fleet.hosts.indices { fleet.hosts[index].allocatable.vcpuMilli = 1_000_000_000 }
            case .memory: for index in fleet.hosts.indices { fleet.hosts[index].allocatable.memoryMiB = 1_000_000_000 }
            case .disk: for index in fleet.hosts.indices { fleet.hosts[index].allocatable.diskGiB = 1_000_000_000 }
            case .holds: fleet.reservations.removeAll(where: \.isHold)
            case .reservations: fleet.reservations = []
            case .exclusion: demand.scope.exclude = []
            case .capability: demand.scope.capabilities = []
            case .spread(let level): demand.spread.removeAll { $0.level == level }
            case .bandwidth, .gpu, .gpuModel, .closures, .headroom, .survival: break
            }
        }
        return PlacementOracle(demand, rules: demand.spread, fleet: fleet).most ?? 0
    }
}
