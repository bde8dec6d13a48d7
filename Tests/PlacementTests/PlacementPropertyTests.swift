import CapacityModel
import Placement
import Testing

/// Thousands of tiny fleets and demands, each from its seed; a failure prints the seed.
@Suite("Placement, on any tiny fleet")
struct PlacementPropertyTests {
    @Test("the most that hard rules allow is placed, and never more")
    func exact() {
        for seed in 0..<3_000 {
            var random = SplitMix64(seed: UInt64(seed))
            let fleet = TinyFleet(random: &random)
            let demand = Demand(random: &random, fleet: fleet, relaxable: false)
            let most = PlacementOracle(demand, rules: demand.spread, fleet: fleet).most ?? 0
            switch place(demand, on: fleet.inventory) {
            case .placed(let plan, let missing):
                #expect(plan.count == most, "seed \(seed)")
                let faults = PlacementChecker(fleet: fleet, demand: demand).faults(of: plan, missing: missing)
                #expect(faults.isEmpty, "seed \(seed)")
            case .short(let shortage):
                #expect(shortage.available == most, "seed \(seed)")
                #expect(most < demand.leastAcceptable, "seed \(seed)")
                #expect(shortage.missing == demand.count - most, "seed \(seed)")
                #expect(!shortage.gap.isEmpty, "seed \(seed)")
            }
        }
    }

    @Test("relaxable rules are dropped from the last on, and given back from the first on as far as costs nothing")
    func relaxing() {
        for seed in 0..<1_000 {
            var random = SplitMix64(seed: UInt64(seed) &+ 1_000_000)
            let fleet = TinyFleet(random: &random)
            let demand = Demand(random: &random, fleet: fleet, relaxable: true)
            let expected = RelaxingOracle(demand, fleet: fleet).answer
            switch place(demand, on: fleet.inventory) {
            case .placed(let plan, let missing):
                #expect(plan.count == expected.most, "seed \(seed)")
                #expect(plan.count == 0 || plan.relaxed == expected.relaxed, "seed \(seed)")
                let faults = PlacementChecker(fleet: fleet, demand: demand).faults(of: plan, missing: missing)
                #expect(faults.isEmpty, "seed \(seed)")
            case .short(let shortage):
                #expect(shortage.available == expected.most, "seed \(seed)")
            }
        }
    }

    @Test("the order of the rows leaves no trace in the verdict")
    func deterministic() {
        for seed in 0..<1_000 {
            var random = SplitMix64(seed: UInt64(seed) &+ 3_000_000)
            let fleet = TinyFleet(random: &random)
            let demand = Demand(random: &random, fleet: fleet, relaxable: true)
            var shuffled = fleet
            shuffled.sites.shuffle(using: &random)
            shuffled.hosts.shuffle(using: &random)
            shuffled.reservations.shuffle(using: &random)
            #expect(place(demand, on: fleet.inventory) == place(demand, on: shuffled.inventory), "seed \(seed)")
        }
    }

    @Test("sites and hosts of one name stand by their ids, so that their rows' order leaves no trace either")
    func twins() {
        for seed in 0..<100 {
            var random = SplitMix64(seed: UInt64(seed) &+ 5_000_000)
            var fleet = TinyFleet()
            for city in ["1101", "3101", "4401"] { fleet.add("twin", city: city, cores: [1, 1]) }
            for index in fleet.hosts.indices { fleet.hosts[index].name = "twin-h" }
            let demand = Demand.cores(1 + random.below(5))
            var shuffled = fleet
            shuffled.sites.shuffle(using: &random)
            shuffled.hosts.shuffle(using: &random)
            #expect(place(demand, on: fleet.inventory) == place(demand, on: shuffled.inventory), "seed \(seed)")
        }
    }

    @Test("what a refusal proposes instead is placed when it is asked for")
    func proposals() throws {
        var seen = 0
        for seed in 0..<1_000 {
            var random = SplitMix64(seed: UInt64(seed) &+ 4_000_000)
            let fleet = TinyFleet(random: &random)
            var demand = Demand(random: &random, fleet: fleet, relaxable: false)
            demand.leastAcceptable = demand.count
            let inventory = fleet.inventory
            guard place(demand, on: inventory).plan == nil else { continue }
            for proposal in counterProposals(for: demand, on: inventory, notLaterThan: .hour(48)) {
                seen += 1
                if case .later(let start) = proposal { #expect(start > demand.held.start, "seed \(seed)") }
                let asked = demand.changed(by: proposal)
                #expect(place(asked, on: inventory).plan?.count == asked.count, "seed \(seed)")
            }
        }
        #expect(seen > 200)
    }
}

extension TinyFleet {
    /// Up to six sites in five cities of four provinces of three areas, with at most two small hosts each.
    init(random: inout SplitMix64) {
        let cities = ["1101", "3101", "3201", "3202", "4401"]
        let carriers: [Carrier] = [.telecom, .unicom, .mobile]
        for index in 0..<(2 + random.below(5)) {
            let cores = (0..<(1 + random.below(2))).map { _ in 1 + random.below(2) }
            add("s\(index)", city: cities[random.below(5)], carrier: carriers[random.below(3)], cores: cores)
        }
        for host in hosts where random.below(3) == 0 {
            let start = 8 + random.below(5)
            reserve(host.name, hours: start..<(start + 1 + random.below(3)), cores: 1)
        }
    }
}

extension Demand {
    /// All of what a proposal is for.
    func changed(by proposal: CounterProposal) -> Demand {
        var asked = self
        switch proposal {
        case .withoutSpare: asked.survives = nil
        case .softer(let spread): asked.spread = spread
        case .wider(let scope): asked.scope = scope
        case .otherSpec(let unit, let count): (asked.unit, asked.count) = (unit, count)
        case .fewer(let count): asked.count = count
        case .later(let start): asked.held = Window(start: start, duration: held.duration)
        }
        asked.leastAcceptable = asked.count
        if shareBase == count { asked.shareBase = asked.count }
        return asked
    }

    init(random: inout SplitMix64, fleet: TinyFleet, relaxable: Bool) {
        let count = 1 + random.below(9)
        let rules = (0..<random.below(5)).map { _ in SpreadRule(random: &random, relaxable: relaxable) }
        self = .cores(count, least: random.below(2) == 0 ? count : 1, spread: rules)
        if random.below(4) == 0 { scope.exclude = [Scope.Selector(carrier: .unicom)] }
        if random.below(4) == 0 {
            existing[fleet.hosts[random.below(fleet.hosts.count)].id] = 1 + random.below(2)
            shareBase = count + existing.values.reduce(0, +)
        }
        if random.below(6) == 0 { avoiding = [fleet.hosts[random.below(fleet.hosts.count)].id] }
    }
}

extension SpreadRule {
    fileprivate init(random: inout SplitMix64, relaxable: Bool) {
        self.init(
            level: Level.allCases[random.below(Level.allCases.count)],
            maxPerGroup: random.below(2) == 0 ? 1 + random.below(4) : nil,
            maxShare: random.below(4) == 0 ? [0.2, 0.34, 0.5, 0.75][random.below(4)] : nil,
            minGroups: random.below(2) == 0 ? 1 + random.below(4) : nil,
            maxSkew: random.below(2) == 0 ? 1 + random.below(3) : nil,
            whenUnsatisfiable: relaxable && random.below(2) == 0 ? .relax : .reject
        )
    }
}
