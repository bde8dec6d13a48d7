import CapacityModel
import Placement
import Testing

/// What tiny fleets have beside cores: capabilities, disk, bandwidth, closed hosts, and orders that others stand with.
@Suite("Whole demands, on any tiny fleet")
struct WholeDemandTests {
    @Test("amounts, capabilities, closures, hard affinities and rules bind exactly, and nothing else does")
    func exact() {
        var (placed, refused) = (0, 0)
        for seed in 0..<1_000 {
            var random = SplitMix64(seed: UInt64(seed) &+ 7_000_000)
            let whole = WholeDemand(random: &random)
            let demand = whole.demand
            // To the oracle a host that may not be used is one that is to be avoided.
            var plain = demand
            plain.neighbours = []
            plain.avoiding.formUnion(whole.forbidden)
            let most = PlacementOracle(plain, rules: plain.spread, fleet: whole.fleet).most ?? 0
            switch place(demand, on: whole.inventory) {
            case .placed(let plan, let missing):
                placed += 1
                #expect(plan.count == most, "seed \(seed)")
                let faults = PlacementChecker(fleet: whole.fleet, demand: plain).faults(of: plan, missing: missing)
                #expect(faults.isEmpty, "seed \(seed)")
            case .short(let shortage):
                refused += 1
                #expect(shortage.available == most, "seed \(seed)")
                #expect(!shortage.gap.isEmpty, "seed \(seed)")
            }
        }
        #expect(placed > 150 && refused > 150)
    }

    @Test("what a refusal proposes is placed when it is asked for, and its explanation has the same figures")
    func proposals() {
        var seen = 0
        for seed in 0..<250 {
            var random = SplitMix64(seed: UInt64(seed) &+ 8_000_000)
            let whole = WholeDemand(random: &random)
            var demand = whole.demand
            demand.leastAcceptable = demand.count
            guard case .short(let shortage) = place(demand, on: whole.inventory) else { continue }
            #expect(shortage.available + shortage.missing == demand.count, "seed \(seed)")
            for proposal in counterProposals(for: demand, on: whole.inventory, notLaterThan: .hour(48)) {
                seen += 1
                let asked = demand.changed(by: proposal)
                #expect(place(asked, on: whole.inventory).plan?.count == asked.count, "seed \(seed): \(proposal)")
            }
            let parts = explain(demand, on: whole.inventory)
            #expect(parts.first?.available == shortage.available, "seed \(seed)")
        }
        #expect(seen > 50)
    }
}

/// A tiny fleet and a demand of it, with all that may keep an instance out.
struct WholeDemand {
    var fleet: TinyFleet
    var demand: Demand
    var closures: [HostID: [Window]] = [:]

    var inventory: Inventory {
        Inventory(
            version: 1, sites: fleet.sites, hosts: fleet.hosts, reservations: fleet.reservations, closures: closures)
    }

    init(random: inout SplitMix64) {
        fleet = TinyFleet(random: &random)
        for index in fleet.sites.indices where random.below(2) == 0 { fleet.sites[index].capabilities = ["l7lb"] }
        for index in fleet.hosts.indices {
            fleet.hosts[index].allocatable.diskGiB = Int64(10 * random.below(4))
            fleet.hosts[index].allocatable.bandwidthMbps = Int64(100 * (1 + random.below(3)))
        }
        for index in fleet.reservations.indices where random.below(2) == 0 {
            fleet.reservations[index].amounts.bandwidthMbps = 100
        }
        demand = Demand(random: &random, fleet: fleet, relaxable: false)
        demand.unit.diskGiB = [0, 0, 5, 10][random.below(4)]
        demand.unit.bandwidthMbps = [0, 0, 100, 150][random.below(4)]
        if random.below(3) == 0 { demand.scope.capabilities = ["l7lb"] }
        for _ in 0..<random.below(3) {
            let affinity = OrderAffinity(
                random.below(3) == 0 ? .together : .apart, order: OrderID(rawValue: 7),
                level: SpreadRule.Level.allCases[random.below(6)])
            let hosts = (0...random.below(2)).map { _ in fleet.hosts[random.below(fleet.hosts.count)].id }
            demand.neighbours.append(Neighbour(affinity, hosts: Set(hosts)))
        }
        // Some touch the demand's window at one second, on either side.
        let edges = [(8, 10), (9, 11), (11, 13), (12, 14), (6, 20)]
        for host in fleet.hosts where random.below(5) == 0 {
            let (from, until) = edges[random.below(edges.count)]
            closures[host.id] = [.hours(from..<until)]
        }
    }

    /// The hosts that are closed for some of the window, or on the wrong side of an affinity.
    var forbidden: Set<HostID> {
        var forbidden = Set(closures.filter { $0.value.contains { $0.overlaps(demand.held) } }.map(\.key))
        for host in fleet.hosts {
            for neighbour in demand.neighbours {
                let level = neighbour.affinity.level
                let names = fleet.hosts.filter { neighbour.hosts.contains($0.id) }.map { name(of: $0, at: level) }
                let isTheirs = names.contains(name(of: host, at: level))
                if isTheirs != (neighbour.affinity.kind == .together) { forbidden.insert(host.id) }
            }
        }
        return forbidden
    }

    private func name(of host: Host, at level: SpreadRule.Level) -> String? {
        fleet.site(of: host.id).map { level.group(of: $0, host: host) }
    }
}
