import CapacityModel
import Placement
import Testing

@Suite("Affinity between orders")
struct AffinityTests {
    private let fleet: TinyFleet

    /// Two sites in one city, one in another, of two hosts of two cores each.
    init() {
        var fleet = TinyFleet()
        fleet.add("a", city: "3201", carrier: .telecom, cores: [2, 2])
        fleet.add("b", city: "3201", carrier: .unicom, cores: [2, 2])
        fleet.add("c", city: "4401", carrier: .telecom, cores: [2, 2])
        self.fleet = fleet
    }

    private func place(
        _ count: Int, _ kind: OrderAffinity.Kind, _ level: SpreadRule.Level,
        _ hardness: SpreadRule.WhenUnsatisfiable = .reject, on hosts: Set<Int64> = [1]
    ) -> Verdict {
        let affinity = OrderAffinity(kind, order: OrderID(rawValue: 12), level: level, whenUnsatisfiable: hardness)
        var demand = Demand.cores(count)
        demand.neighbours = [Neighbour(affinity, hosts: Set(hosts.map { HostID(rawValue: $0) }))]
        return Placement.place(demand, on: fleet.inventory)
    }

    @Test(
        "together is where the other order is and nowhere else, apart is everywhere else, at every level",
        arguments: [
            (SpreadRule.Level.host, 2, 10), (.site, 4, 8), (.city, 8, 4), (.province, 8, 4), (.area, 8, 4),
            (.carrier, 8, 4),
        ]
    )
    func levels(level: SpreadRule.Level, together: Int, apart: Int) {
        for (kind, most) in [(OrderAffinity.Kind.together, together), (.apart, apart)] {
            #expect(place(most, kind, level).plan?.count == most)
            let shortage = place(most + 1, kind, level).shortage
            #expect(shortage?.available == most)
            #expect(shortage?.gap.contains { $0.bound == .affinity } == true)
        }
    }

    @Test("together with an order that is nowhere is nowhere, and the refusal names it")
    func nowhere() {
        let shortage = place(1, .together, .city, on: []).shortage
        #expect(shortage?.available == 0)
        #expect(shortage?.gap.map(\.detail) == ["To stand with ord-12 by city keeps 1 more out."])
        #expect(place(12, .apart, .host, on: []).plan?.count == 12)
    }

    @Test(
        "an affinity that may be relaxed is dropped only for instances that would have no place, and the plan says so")
    func relaxing() {
        #expect(place(4, .together, .site, .relax).plan?.counts(in: fleet) == ["a": 4])
        let plan = place(5, .together, .site, .relax).plan
        #expect(plan?.count == 5)
        #expect(plan?.unkept.map(\.order.text) == ["ord-12"])
        #expect(place(13, .together, .site, .relax).shortage?.available == 12)
    }

    @Test("rules that may be relaxed yield before affinities do, and of these only those that are in the way")
    func order() {
        func apart(_ order: Int64, from hosts: Set<Int64>) -> Neighbour {
            let affinity = OrderAffinity(
                .apart, order: OrderID(rawValue: order), level: .site, whenUnsatisfiable: .relax)
            return Neighbour(affinity, hosts: Set(hosts.map { HostID(rawValue: $0) }))
        }
        var demand = Demand.cores(
            8, spread: [SpreadRule(level: .site, maxPerGroup: 2, whenUnsatisfiable: .relax)])
        demand.neighbours = [apart(1, from: [1]), apart(2, from: [])]
        let eight = Placement.place(demand, on: fleet.inventory).plan
        #expect(eight?.relaxed.count == 1)
        #expect(eight?.unkept == [], "eight fit apart from the first order once the rule is gone")
        demand.count = 9
        demand.leastAcceptable = 9
        let nine = Placement.place(demand, on: fleet.inventory).plan
        #expect(nine?.unkept.map(\.order.text) == ["ord-1"], "the other was tried first, and was in nobody's way")
    }
}
