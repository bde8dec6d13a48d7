import CapacityModel
import Placement
import Testing

/// One rule of skew over nested levels, where groups have to be left empty.
@Suite("Groups left empty under one skew")
struct SkewChoiceTests {
    @Test("with caps of wider levels and larger rooms the most is placed, on any tiny fleet")
    func exact() {
        var (short, emptied) = (0, 0)
        for seed in 0..<600 {
            var random = SplitMix64(seed: UInt64(seed) &+ 2_400_000)
            var fleet = TinyFleet()
            for index in 0..<5 {
                let city = ["3101", "3201", "3202", "4401"][random.below(4)]
                fleet.add("s\(index)", city: city, cores: [1 + random.below(random.below(3) == 0 ? 2 : 6)])
            }
            let level = [SpreadRule.Level.site, .site, .city, .province][random.below(4)]
            var demand = Demand.cores(6 + random.below(12), least: 1)
            demand.spread = [SpreadRule(level: level, maxSkew: 1 + random.below(2))]
            for wide in [SpreadRule.Level.city, .province, .area] where random.below(2) == 0 {
                demand.spread.append(SpreadRule(level: wide, maxPerGroup: 3 + random.below(7)))
            }
            if random.below(3) == 0 { demand.existing[fleet.hosts[random.below(5)].id] = 1 + random.below(3) }
            let most = PlacementOracle(demand, rules: demand.spread, fleet: fleet).most ?? 0
            let plan = place(demand, on: fleet.inventory).plan
            #expect(plan?.count ?? 0 == most, "seed \(seed)")
            guard let plan else { continue }
            let missing = demand.count - plan.count
            let checker = PlacementChecker(fleet: fleet, demand: demand)
            #expect(checker.faults(of: plan, missing: missing) == [], "seed \(seed)")
            if missing > 0 { short += 1 }
            if plan.counts(in: fleet).count < 5 { emptied += 1 }
        }
        #expect(short > 100 && emptied > 100)
    }
}
