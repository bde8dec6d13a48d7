import CapacityModel
import Placement
import Testing

@Suite("Preferences")
struct PreferenceTests {
    private let fleet: TinyFleet
    private let prices: [Area: Int64] = [.north: 30, .east: 20, .south: 10]

    /// A site of four cores in Beijing, Shanghai and Guangzhou each, the one in Beijing half full.
    init() {
        var fleet = TinyFleet()
        fleet.add("a", city: "1101", cores: [4])
        fleet.add("b", city: "3101", cores: [4])
        fleet.add("c", city: "4401", cores: [4])
        fleet.reserve("a-h1", hours: 9..<12, cores: 2)
        self.fleet = fleet
    }

    private func counts(_ count: Int, _ preference: Preference?, _ rules: [SpreadRule] = []) -> [String: Int]? {
        var demand = Demand.cores(count, spread: rules)
        demand.preference = preference.map { SitePreference($0, hourMicro: prices) }
        return place(demand, on: fleet.inventory).plan?.counts(in: fleet)
    }

    @Test("the cheapest sites are filled first, or the nearest, or the best by both; without a word the fullest")
    func order() {
        #expect(counts(5, nil) == ["a": 2, "b": 3])
        #expect(counts(5, Preference(price: 1)) == ["c": 4, "b": 1])
        #expect(counts(3, Preference(latency: 0.2, nearProvince: "11")) == ["a": 2, "b": 1])
        #expect(counts(3, Preference(latency: 1, nearProvince: "35")) == ["b": 3])
        // Cheapest is c, nearest a; b is half way to one and a little more than half way to the other.
        #expect(counts(3, Preference(price: 0.8, latency: 0.2, nearProvince: "11")) == ["c": 3])
        #expect(counts(3, Preference(price: 0.2, latency: 0.8, nearProvince: "11")) == ["a": 2, "b": 1])
    }

    @Test("a weight of spread gives one site no more than it leaves of the order, while others have room")
    func spread() {
        #expect(counts(6, Preference(spread: 1)) == ["a": 2, "b": 2, "c": 2])
        #expect(counts(6, Preference(price: 0.5, spread: 0.5)) == ["c": 3, "b": 3])
        #expect(counts(10, Preference(spread: 1)) == ["a": 2, "b": 4, "c": 4])
    }

    @Test("hard rules come before any preference")
    func hardRules() {
        #expect(
            counts(6, Preference(price: 1), [SpreadRule(level: .area, maxPerGroup: 2)]) == ["a": 2, "b": 2, "c": 2])
        #expect(counts(3, Preference(price: 1), [SpreadRule(level: .site, minGroups: 2)]) == ["c": 2, "b": 1])
    }

    @Test("weights that are alike but for their size, and sites that are alike, make no difference")
    func scale() {
        #expect(Preference(price: 0.6, latency: 0.3, spread: 0.1).parts == (600, 300, 100))
        #expect(Preference(price: 0.06, latency: 0.03, spread: 0.01).parts == (600, 300, 100))
        #expect(Preference().parts == (0, 0, 0))
        #expect(counts(3, Preference(price: 1), []) == counts(3, Preference(price: 0.001), []))
    }

    @Test("with caps on nested levels and a weight of price, no plan of as many costs less, and none has more")
    func cheapest() {
        var cheaper = 0
        for seed in 0..<1_000 {
            var random = SplitMix64(seed: UInt64(seed) &+ 9_000_000)
            let fleet = TinyFleet(random: &random)
            let levels: [SpreadRule.Level] = [.site, .city, .province, .area]
            let rules = levels.filter { _ in random.below(3) == 0 }
                .map { SpreadRule(level: $0, maxPerGroup: 1 + random.below(4)) }
            let plain = Demand.cores(1 + random.below(9), least: 0, spread: rules)
            var demand = plain
            demand.preference = SitePreference(Preference(price: 0.7), hourMicro: prices)
            func cost(_ plan: Plan?) -> Int {
                (plan?.groups ?? []).reduce(0) { sum, group in
                    sum + group.count * Int(fleet.site(of: group.host)?.area.flatMap { prices[$0] } ?? 0)
                }
            }
            let oracle = PlacementOracle(demand, rules: rules, fleet: fleet)
            let least = oracle.leastCost(fleet.sites.map { Int($0.area.flatMap { prices[$0] } ?? 0) })
            let plan = place(demand, on: fleet.inventory).plan
            #expect(plan?.count == oracle.most, "seed \(seed)")
            #expect(cost(plan) == least, "seed \(seed)")
            if cost(plan) < cost(place(plain, on: fleet.inventory).plan) { cheaper += 1 }
        }
        #expect(cheaper > 100)
    }
}
