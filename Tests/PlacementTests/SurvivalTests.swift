import CapacityModel
import Placement
import Testing

@Suite("Placement with a spare against the loss of a site")
struct SurvivalTests {
    private func surviving(_ count: Int, spread: [SpreadRule] = []) -> Demand {
        var demand = Demand.cores(count, spread: spread)
        demand.survives = Survival()
        return demand
    }

    @Test("of many sites with room the spare is what the fullest has, and no site has more")
    func small() throws {
        var fleet = TinyFleet()
        for index in 1...5 { fleet.add("s\(index)", cores: [2]) }
        let demand = surviving(4)
        let plan = try #require(place(demand, on: fleet.inventory).plan)
        #expect((plan.count, plan.spareCount) == (4, 1))
        #expect(SurvivalChecker(fleet: fleet, demand: demand).faults(of: plan) == [])
    }

    @Test("two sites take the whole count each")
    func twoSites() throws {
        var fleet = TinyFleet()
        fleet.add("a", cores: [8])
        fleet.add("b", cores: [8])
        let plan = try #require(place(surviving(6), on: fleet.inventory).plan)
        #expect((plan.count, plan.spareCount) == (6, 6))
    }

    @Test("what fits only without a spare is refused for it, and offered without, fewer and later")
    func refused() throws {
        var fleet = TinyFleet()
        fleet.add("a", cores: [4])
        fleet.add("b", cores: [4])
        fleet.add("c", cores: [4])
        fleet.reserve("c-h1", hours: 9..<11, cores: 4)
        let demand = surviving(5)
        let shortage = try #require(place(demand, on: fleet.inventory).shortage)
        #expect((shortage.available, shortage.missing) == (4, 1))
        #expect(shortage.gap.map(\.bound) == [.survival])
        #expect(shortage.gap[0].missing == 1)
        #expect(
            counterProposals(for: demand, on: fleet.inventory, notLaterThan: .hour(48))
                == [
                    .withoutSpare, .otherSpec(unit: Resources(vcpuMilli: 500, memoryMiB: 1_024), count: 5),
                    .fewer(count: 4), .later(start: .hour(11)),
                ])
    }

    @Test("where a site is lacking the widest room does not help: one site survives nothing")
    func oneSite() throws {
        var fleet = TinyFleet()
        fleet.add("a", cores: [8])
        let shortage = try #require(place(surviving(1), on: fleet.inventory).shortage)
        #expect(shortage.available == 0)
        #expect(shortage.gap.map(\.bound) == [.survival])
    }

    @Test("the spare of GPUs is on devices of its own")
    func devices() throws {
        var fleet = TinyFleet()
        for index in 1...3 {
            fleet.add("s\(index)", cores: [])
            let host = Resources(vcpuMilli: 8_000, memoryMiB: 32_768, gpuModel: "G2", gpuCount: 2)
            fleet.addHost("s\(index)-h1", at: SiteID(rawValue: Int64(index)), host)
        }
        var demand = surviving(4)
        demand.unit = Resources(vcpuMilli: 1_000, memoryMiB: 2_048, gpuModel: "G2", gpuCount: 1)
        let plan = try #require(place(demand, on: fleet.inventory).plan)
        #expect(plan.spareCount == 2)
        #expect(SurvivalChecker(fleet: fleet, demand: demand).faults(of: plan) == [])
    }

    @Test("what an order has already counts: as many more as make its spare whole, and what it has stays")
    func regained() throws {
        var fleet = TinyFleet()
        for index in 1...4 { fleet.add("s\(index)", cores: [4]) }
        // Three instances, one of them where the last spare was; nothing is spare any more.
        var demand = surviving(0)
        for host in fleet.hosts.prefix(3) { demand.existing[host.id] = 1 }
        demand.shareBase = 3
        let plan = try #require(place(demand, on: fleet.inventory).plan)
        #expect((plan.count, plan.spareCount) == (0, 1))
        #expect(plan.spare[0].host == fleet.hosts[3].id)
        // With it all is as it should be.
        demand.existing[fleet.hosts[3].id] = 1
        demand.existingSpare = 1
        #expect(try #require(place(demand, on: fleet.inventory).plan).taken == [])
    }

    @Test("on any tiny fleet the spare is the smallest, and one is found where there is one")
    func exact() {
        var (placed, refused) = (0, 0)
        for seed in 0..<1_500 {
            var random = SplitMix64(seed: UInt64(seed) &+ 7_000_000)
            let fleet = TinyFleet(random: &random)
            var demand = Demand(random: &random, fleet: fleet, relaxable: false)
            demand.count = 1 + random.below(4)
            (demand.leastAcceptable, demand.shareBase, demand.existing) = (demand.count, demand.count, [:])
            demand.survives = Survival()
            let smallest = SurvivalOracle(fleet: fleet, demand: demand).smallest
            switch place(demand, on: fleet.inventory) {
            case .placed(let plan, let missing):
                placed += 1
                #expect(missing == 0 && plan.spareCount == smallest, "seed \(seed)")
                #expect(SurvivalChecker(fleet: fleet, demand: demand).faults(of: plan) == [], "seed \(seed)")
            case .short(let shortage):
                refused += 1
                #expect(smallest == nil, "seed \(seed)")
                #expect(shortage.available < demand.count && !shortage.gap.isEmpty, "seed \(seed)")
            }
        }
        #expect(placed > 200 && refused > 200)
    }

    @Test("rules that may be relaxed yield to the spare, and the order of the rows leaves no trace")
    func relaxed() {
        for seed in 0..<300 {
            var random = SplitMix64(seed: UInt64(seed) &+ 8_000_000)
            let fleet = TinyFleet(random: &random)
            var demand = Demand(random: &random, fleet: fleet, relaxable: true)
            (demand.leastAcceptable, demand.shareBase, demand.existing) = (demand.count, demand.count, [:])
            demand.survives = Survival()
            let verdict = place(demand, on: fleet.inventory)
            if let plan = verdict.plan {
                #expect(SurvivalChecker(fleet: fleet, demand: demand).faults(of: plan) == [], "seed \(seed)")
            }
            var shuffled = fleet
            shuffled.sites.shuffle(using: &random)
            shuffled.hosts.shuffle(using: &random)
            shuffled.reservations.shuffle(using: &random)
            #expect(verdict == place(demand, on: shuffled.inventory), "seed \(seed)")
        }
    }

    @Test("what a refusal proposes instead is placed with its spare, but where it says without")
    func proposals() {
        var seen = 0
        for seed in 0..<400 {
            var random = SplitMix64(seed: UInt64(seed) &+ 9_000_000)
            let fleet = TinyFleet(random: &random)
            var demand = Demand(random: &random, fleet: fleet, relaxable: false)
            (demand.leastAcceptable, demand.shareBase, demand.existing) = (demand.count, demand.count, [:])
            demand.survives = Survival()
            let inventory = fleet.inventory
            guard place(demand, on: inventory).plan == nil else { continue }
            for proposal in counterProposals(for: demand, on: inventory, notLaterThan: .hour(48)) {
                seen += 1
                let asked = demand.changed(by: proposal)
                let hasCarriers = demand.spread.contains { $0.level == .carrier }
                #expect(hasCarriers || place(asked, on: inventory).plan?.count == asked.count, "seed \(seed)")
            }
        }
        #expect(seen > 100)
    }
}
