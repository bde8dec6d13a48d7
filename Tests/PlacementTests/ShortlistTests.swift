import CapacityModel
import Placement
import Testing

@Suite("Placement, on a short list of sites first")
struct ShortlistTests {
    @Test("orders of other sizes are placed on other sites, one asked for again, or a moment later, on the same")
    func lots() throws {
        let fleet = TinyFleet(smallSites: 200)
        let inventory = fleet.inventory
        var seen: Set<SiteID> = []
        for count in 1...50 {
            let plan = try #require(place(.cores(count), on: inventory).plan)
            #expect(place(.cores(count), on: fleet.inventory).plan == plan)
            #expect(place(.cores(count, hours: 11..<13), on: inventory).plan == plan)
            let first = try #require(plan.groups.first)
            seen.insert(first.site)
        }
        #expect(seen.count > 20)
    }

    @Test("of the sites on a list the fullest is used, and one that is not on it is not, however full")
    func fullest() throws {
        var fleet = TinyFleet(smallSites: 200)
        for site in fleet.sites where site.name != "large" { fleet.reserve("\(site.name)-h1", hours: 0..<24, cores: 1) }
        let before = try #require(place(.cores(3), on: fleet.inventory).plan).hosts(in: fleet)
        let first = try #require(before.first)
        #expect(before == [first.key: 3])
        // Where all sites had to be looked at, a fuller one far away would come first.
        let names = fleet.hosts.map(\.name).filter { $0 != "large-h1" }.sorted()
        let index = try #require(names.firstIndex(of: first.key))
        fleet.reserve(names[(index + 100) % 200], hours: 0..<24, cores: 2)
        #expect(try #require(place(.cores(3), on: fleet.inventory).plan).hosts(in: fleet) == before)
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
        for seed in 0..<100 {
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
        #expect(placed > 40)
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
