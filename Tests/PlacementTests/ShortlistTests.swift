import CapacityModel
import Placement
import Testing

@Suite("Placement, on a short list of sites first")
struct ShortlistTests {
    @Test("a small order on a large fleet goes to the fullest of the smallest sites")
    func smallest() throws {
        var fleet = TinyFleet(smallSites: 100)
        fleet.reserve("small-3-h1", hours: 0..<24, cores: 3)
        // The fullest of all, and as large as any.
        fleet.reserve("large-h1", hours: 0..<24, cores: 63)
        let plan = try #require(place(.cores(3), on: fleet.inventory).plan)
        #expect(plan.hosts(in: fleet) == ["small-3-h1": 1, "small-0-h1": 2])
    }

    @Test("where the list has no room, or too few groups, all sites are looked at")
    func beyond() throws {
        var fleet = TinyFleet(smallSites: 100)
        let areas = SpreadRule(level: .area, minGroups: 2)
        #expect(place(.cores(3, spread: [areas]), on: fleet.inventory).plan?.counts(in: fleet)["large"] == 1)
        for host in fleet.hosts where host.name != "large-h1" { fleet.reserve(host.name, hours: 0..<24, cores: 4) }
        #expect(place(.cores(3), on: fleet.inventory).plan?.counts(in: fleet) == ["large": 3])
    }

    /// A preference has every site looked at, and prefers nothing where prices and distances are not known.
    @Test("as many are placed as when all sites are looked at, by every rule")
    func asMany() {
        var placed = 0
        for seed in 0..<300 {
            var random = SplitMix64(seed: UInt64(seed) &+ 6_000_000)
            let fleet = TinyFleet(siteCount: 65 + random.below(80), random: &random)
            var demand = Demand(random: &random, fleet: fleet, relaxable: true)
            demand.count = 1 + random.below(160)
            demand.leastAcceptable = 1
            demand.shareBase = demand.count + demand.existing.values.reduce(0, +)
            let verdict = place(demand, on: fleet.inventory)
            var everywhere = demand
            everywhere.preference = SitePreference(Preference(price: 1), hourMicro: [:])
            #expect(verdict.plan?.count == place(everywhere, on: fleet.inventory).plan?.count, "seed \(seed)")
            guard case .placed(let plan, let missing) = verdict else { continue }
            placed += 1
            let faults = PlacementChecker(fleet: fleet, demand: demand).faults(of: plan, missing: missing)
            #expect(faults.isEmpty, "seed \(seed)")
        }
        #expect(placed > 100)
    }
}

extension TinyFleet {
    /// So many sites of one host with four cores, and one with 64 in another area.
    fileprivate init(smallSites: Int) {
        add("large", city: "3101", cores: [64])
        for index in 0..<smallSites { add("small-\(index)", cores: [4]) }
    }

    /// Like the tiny one, but with more sites than a short list has.
    fileprivate init(siteCount: Int, random: inout SplitMix64) {
        let cities = ["1101", "3101", "3201", "3202", "4401", "5101", "6101"]
        let carriers: [Carrier] = [.telecom, .unicom, .mobile]
        for index in 0..<siteCount {
            let cores = (0..<(1 + random.below(2))).map { _ in 1 + random.below(3) }
            add("s\(index)", city: cities[random.below(7)], carrier: carriers[random.below(3)], cores: cores)
        }
        for host in hosts where random.below(2) == 0 {
            let start = 8 + random.below(5)
            reserve(host.name, hours: start..<(start + 1 + random.below(3)), cores: 1)
        }
    }
}
