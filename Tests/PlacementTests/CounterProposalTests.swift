import CapacityModel
import Placement
import Testing

@Suite("What would work instead")
struct CounterProposalTests {
    private func proposals(_ demand: Demand, _ fleet: TinyFleet) -> [CounterProposal] {
        counterProposals(for: demand, on: fleet.inventory, notLaterThan: .hour(48))
    }

    @Test("a scope is widened no further than needed: first any carrier, then city, province, area, at last everywhere")
    func wider() {
        var fleet = TinyFleet()
        fleet.add("a", city: "3201", carrier: .telecom, cores: [1])
        fleet.add("b", city: "3201", carrier: .unicom, cores: [1])
        fleet.add("c", city: "3202", carrier: .telecom, cores: [1])
        fleet.add("d", city: "3101", carrier: .telecom, cores: [1])
        fleet.add("e", city: "4401", carrier: .telecom, cores: [1])
        let asked = Scope(include: [Scope.Selector(carrier: .telecom, site: "a")])
        func scope(_ count: Int) -> Scope? {
            for case .wider(let scope) in proposals(.cores(count, scope: asked), fleet) { return scope }
            return nil
        }
        #expect(scope(2)?.include == [Scope.Selector(province: "32", city: "3201")])
        #expect(scope(3)?.include == [Scope.Selector(province: "32")])
        #expect(scope(4)?.include == [Scope.Selector(area: .east)])
        #expect(scope(5)?.include == [])
        #expect(scope(6) == nil)
    }

    @Test("what was excluded stays out and what is required stays required, however wide")
    func excluded() {
        var fleet = TinyFleet()
        fleet.add("a", city: "3201", capabilities: ["l7lb"], cores: [1])
        fleet.add("b", city: "3202", cores: [9])
        fleet.add("c", city: "3203", carrier: .mobile, capabilities: ["l7lb"], cores: [9])
        let scope = Scope(
            include: [Scope.Selector(city: "3201")], exclude: [Scope.Selector(carrier: .mobile)],
            capabilities: ["l7lb"])
        #expect(proposals(.cores(2, scope: scope), fleet).allSatisfy { if case .wider = $0 { false } else { true } })
    }

    @Test("of several rules one is softened, the last that will do, and only as far as it must be")
    func softer() {
        var fleet = TinyFleet()
        for (name, city) in [("a", "1101"), ("b", "3201"), ("c", "4401")] { fleet.add(name, city: city, cores: [6]) }
        func spread(_ count: Int, _ rules: [SpreadRule]) -> [SpreadRule]? {
            for case .softer(let spread) in proposals(.cores(count, spread: rules), fleet) { return spread }
            return nil
        }
        #expect(
            spread(12, [SpreadRule(level: .site, maxPerGroup: 2), SpreadRule(level: .city, maxPerGroup: 6)])
                == [SpreadRule(level: .site, maxPerGroup: 4), SpreadRule(level: .city, maxPerGroup: 6)])
        #expect(spread(9, [SpreadRule(level: .site, minGroups: 5)]) == [SpreadRule(level: .site, minGroups: 3)])
        #expect(
            spread(12, [SpreadRule(level: .site, maxShare: 0.25)])?.first?.limit(for: 12) == 4, "four of twelve a site")
        #expect(
            spread(18, [SpreadRule(level: .site, maxPerGroup: 5), SpreadRule(level: .province, maxPerGroup: 5)])
                == [SpreadRule(level: .site, maxPerGroup: 6), SpreadRule(level: .province, maxPerGroup: 6)],
            "one alone is not enough")
        #expect(spread(19, [SpreadRule(level: .site, maxPerGroup: 5)]) == nil, "rules are not what binds")
    }

    @Test("32C96G that nobody has free becomes twice as many halves, or as many smaller ones where room is short")
    func otherSpec() {
        var fleet = TinyFleet()
        fleet.add("s", cores: [])
        for name in ["x", "y", "z"] {
            fleet.addHost(name, at: SiteID(rawValue: 1), Resources(vcpuMilli: 20_000, memoryMiB: 65_536))
        }
        func other(_ count: Int, gpus: Int64 = 0) -> CounterProposal? {
            let unit = Resources(
                vcpuMilli: 32_000, memoryMiB: 98_304, gpuModel: gpus > 0 ? "T4" : nil, gpuCount: gpus)
            return proposals(Demand(count: count, unit: unit, held: .hours(1..<2)), fleet).first {
                if case .otherSpec = $0 { true } else { false }
            }
        }
        let half = Resources(vcpuMilli: 16_000, memoryMiB: 49_152)
        #expect(other(1) == .otherSpec(unit: half, count: 2))
        #expect(other(3) == .otherSpec(unit: half, count: 3), "six halves do not fit, three do")
        let quarter = Resources(vcpuMilli: 8_000, memoryMiB: 24_576)
        #expect(other(5) == .otherSpec(unit: quarter, count: 5))
        #expect(other(1, gpus: 1) == nil, "half a device is none")
    }

    @Test("what keeps count and time stands first; then whichever of later and fewer gives up less")
    func ranked() {
        var fleet = TinyFleet()
        fleet.add("a", city: "3201", cores: [10])
        fleet.add("b", city: "3202", cores: [10])
        fleet.reserve("a-h1", hours: 9..<11, cores: 8)
        let scope = Scope(include: [Scope.Selector(city: "3201")])
        let wider = CounterProposal.wider(scope: Scope(include: [Scope.Selector(province: "32")]))
        func spec(_ milli: Int64, _ count: Int) -> CounterProposal {
            .otherSpec(unit: Resources(vcpuMilli: milli, memoryMiB: milli * 2_048 / 1_000), count: count)
        }
        #expect(
            proposals(.cores(5, scope: scope, hours: 10..<14), fleet) == [
                wider, spec(250, 5), .later(start: .hour(11)), .fewer(count: 2),
            ])
        #expect(
            proposals(.cores(3, scope: scope, hours: 10..<11), fleet) == [
                wider, spec(500, 3), .fewer(count: 2), .later(start: .hour(11)),
            ])
    }

    @Test("softened rules are kept by the plan, and no limit of them could have been kept as it was")
    func leastSoftening() {
        var seen = 0
        for seed in 0..<1_500 {
            var random = SplitMix64(seed: UInt64(seed) &+ 7_000_000)
            let fleet = TinyFleet(random: &random)
            var demand = Demand(random: &random, fleet: fleet, relaxable: false)
            demand.leastAcceptable = demand.count
            let inventory = fleet.inventory
            guard place(demand, on: inventory).plan == nil else { continue }
            var free = demand
            free.spread = []
            let isPossible = place(free, on: inventory).plan != nil
            var softened: [SpreadRule]?
            for case .softer(let spread) in proposals(demand, fleet) { softened = spread }
            #expect((softened != nil) == isPossible, "seed \(seed)")
            guard let softened else { continue }
            seen += 1
            var asked = demand
            asked.spread = softened
            #expect(place(asked, on: inventory).plan != nil, "seed \(seed)")
            for rule in demand.spread where !softened.contains(rule) && rule.hasLimit {
                asked.spread = softened.filter { $0.level != rule.level } + [rule]
                let others = softened.filter { $0.level == rule.level }
                guard others.count < 2, demand.spread.count(where: { $0.level == rule.level }) < 2 else { continue }
                #expect(place(asked, on: inventory).plan == nil, "seed \(seed)")
            }
        }
        #expect(seen > 200)
    }
}

extension SpreadRule {
    fileprivate var hasLimit: Bool { maxPerGroup != nil || maxShare != nil || minGroups != nil || maxSkew != nil }
}
