import CapacityModel
import Placement
import Testing

/// A fleet that grows says yes to whatever it said yes to before.
@Suite("One more host")
struct MonotonicityTests {
    @Test("never turns a yes into a no, whichever hard rules there are and wherever it stands")
    func rules() {
        var alike = 0
        for seed in 0..<4_000 {
            var random = SplitMix64(seed: UInt64(seed) &+ 2_000_000)
            let fleet = TinyFleet(random: &random)
            let demand = Demand(random: &random, fleet: fleet, relaxable: false)
            guard let before = place(demand, on: fleet.inventory).plan else { continue }
            if demand.spread.contains(where: { $0.maxSkew != nil }) { alike += 1 }
            var grown = fleet
            grown.addHost(random: &random)
            let after = place(demand, on: grown.inventory).plan
            #expect(after?.count ?? -1 >= before.count, "seed \(seed)")
            let faults = after.map {
                PlacementChecker(fleet: grown, demand: demand).faults(of: $0, missing: demand.count - $0.count)
            }
            #expect(faults == [], "seed \(seed)")
        }
        #expect(alike > 500)
    }

    @Test("never lowers what a refusal says there is")
    func refusals() {
        var refused = 0
        for seed in 0..<2_000 {
            var random = SplitMix64(seed: UInt64(seed) &+ 2_100_000)
            let fleet = TinyFleet(random: &random)
            var demand = Demand(random: &random, fleet: fleet, relaxable: false)
            demand.leastAcceptable = demand.count
            guard let before = place(demand, on: fleet.inventory).shortage else { continue }
            var grown = fleet
            grown.addHost(random: &random)
            guard let after = place(demand, on: grown.inventory).shortage else { continue }
            refused += 1
            #expect(after.available >= before.available, "seed \(seed)")
        }
        #expect(refused > 500)
    }

    @Test("never turns a yes into a no beside affinities, closures, capabilities, amounts, and a spare")
    func wholeDemands() {
        var (alike, spared) = (0, 0)
        for seed in 0..<2_000 {
            var random = SplitMix64(seed: UInt64(seed) &+ 2_200_000)
            let whole = WholeDemand(random: &random)
            var demand = whole.demand
            if random.below(3) == 0 {
                demand.count = 1 + random.below(4)
                (demand.leastAcceptable, demand.shareBase, demand.existing) = (demand.count, demand.count, [:])
                demand.survives = Survival()
            }
            guard let before = place(demand, on: whole.inventory).plan else { continue }
            if demand.spread.contains(where: { $0.maxSkew != nil }) { alike += 1 }
            if before.spareCount > 0 { spared += 1 }
            var grown = whole
            grown.fleet.addHost(random: &random)
            let after = place(demand, on: grown.inventory).plan
            #expect(after?.count ?? -1 >= before.count, "seed \(seed)")
        }
        #expect(alike > 100 && spared > 40)
    }

    @Test("in a province of its own is left empty, where all others would be held down by it")
    func newProvince() {
        var fleet = TinyFleet()
        for (index, city) in ["1101", "3101", "4401"].enumerated() {
            fleet.add("s\(index)", city: city, carrier: index == 0 ? .telecom : .unicom, cores: [40, 40])
        }
        let alone = [SpreadRule(level: .province, maxSkew: 5)]
        let withOthers = [
            SpreadRule(level: .province, maxShare: 0.5, minGroups: 3, maxSkew: 5),
            SpreadRule(level: .host, maxSkew: 20), SpreadRule(level: .carrier, maxPerGroup: 150),
        ]
        for rules in [alone, withOthers] {
            let demand = Demand.cores(200, spread: rules)
            let before = place(demand, on: fleet.inventory).plan?.counts(in: fleet, by: .province)
            #expect(before?.values.sorted() == [66, 67, 67])
            var grown = fleet
            grown.add("tiny", city: "5101", carrier: .mobile, cores: [2])
            #expect(place(demand, on: grown.inventory).plan?.counts(in: grown, by: .province) == before)
            // Who asks for fewer has one there too.
            let fewer = place(.cores(20, spread: rules), on: grown.inventory).plan
            #expect(fewer?.counts(in: grown, by: .province)["51"] == 2)
        }
    }

    @Test("in a new province takes nothing from a large order with rules on every level")
    func national() {
        var sites = TinyFleet()
        var random = SplitMix64(seed: 5)
        let carriers: [Carrier] = [.telecom, .unicom, .mobile]
        for index in 0..<90 {
            let city = "\(11 + index % 9)0\(1 + index % 3)"
            sites.add("s\(index)", city: city, carrier: carriers[index % 3], cores: [30 + random.below(9), 40])
        }
        let rules = [
            SpreadRule(level: .site, maxSkew: 3), SpreadRule(level: .province, minGroups: 5, maxSkew: 30),
            SpreadRule(level: .carrier, maxSkew: 50),
        ]
        let demand = Demand.cores(6_000, spread: rules)
        #expect(place(demand, on: sites.inventory).plan?.count == 6_000)
        for carrier in carriers {
            var grown = sites
            grown.add("tiny", city: "6501", carrier: carrier, cores: [1])
            let plan = place(demand, on: grown.inventory).plan
            #expect(plan?.count == 6_000)
            #expect(plan?.counts(in: grown)["tiny"] == nil)
        }
    }
}

extension TinyFleet {
    /// Adds a host at a site there is, be it full, or at a new one, in a city there is or not.
    fileprivate mutating func addHost(random: inout SplitMix64) {
        let cores = 1 + random.below(3)
        if random.below(3) == 0 {
            let full = sites.filter { site in
                hosts.filter { $0.site == site.id }
                    .allSatisfy { host in reservations.contains { $0.host == host.id } }
            }
            let choice = full.isEmpty || random.below(2) == 0 ? sites : full
            let host = Resources(vcpuMilli: Int64(cores) * 1_000, memoryMiB: 8_192, diskGiB: 20, bandwidthMbps: 200)
            addHost(["a-more", "zz-more"][random.below(2)], at: choice[random.below(choice.count)].id, host)
        } else {
            let city = ["1101", "3101", "3201", "4401", "5101", "6501"][random.below(6)]
            let carriers: [Carrier] = [.telecom, .unicom, .mobile, .other]
            add(["a-new", "zz-new"][random.below(2)], city: city, carrier: carriers[random.below(4)], cores: [cores])
            (hosts[hosts.count - 1].allocatable.diskGiB, hosts[hosts.count - 1].allocatable.bandwidthMbps) = (20, 200)
        }
    }
}
