import CapacityModel
import Placement
import Testing

/// Rules of single hosts, and rules that keep the groups of a level alike.
@Suite("Hosts and skew")
struct SkewTests {
    private let fleet: TinyFleet

    /// Three sites in two provinces: eight cores on two hosts, four on two, two on one.
    init() {
        var fleet = TinyFleet()
        fleet.add("a", city: "1101", carrier: .telecom, cores: [4, 4])
        fleet.add("b", city: "3201", carrier: .unicom, cores: [2, 2])
        fleet.add("c", city: "3201", carrier: .mobile, cores: [2])
        self.fleet = fleet
    }

    private func plan(_ count: Int, _ rules: [SpreadRule]) -> Plan? {
        place(.cores(count, spread: rules), on: fleet.inventory).plan
    }

    @Test("no host gets more than maxPerGroup, whatever its site has room for")
    func hostCap() {
        let rules = [SpreadRule(level: .host, maxPerGroup: 1)]
        #expect(plan(5, rules)?.hosts(in: fleet) == ["a-h1": 1, "a-h2": 1, "b-h1": 1, "b-h2": 1, "c-h1": 1])
        let shortage = place(.cores(6, spread: rules), on: fleet.inventory).shortage
        #expect(shortage?.available == 5)
        #expect(shortage?.gap.map(\.level) == [.host])
        #expect(shortage?.gap.map(\.detail) == ["The rule of at most 1 per host keeps 1 more out."])
    }

    @Test("what an order has on a host counts in the host's cap")
    func existingOnHost() {
        var demand = Demand.cores(2, scope: Scope(include: [Scope.Selector(site: "a")]))
        demand.spread = [SpreadRule(level: .host, maxPerGroup: 2)]
        demand.existing = [HostID(rawValue: 1): 1, HostID(rawValue: 2): 1]
        #expect(place(demand, on: fleet.inventory).plan?.hosts(in: fleet) == ["a-h1": 1, "a-h2": 1])
        demand.existing = [HostID(rawValue: 1): 3]
        #expect(place(demand, on: fleet.inventory).plan?.hosts(in: fleet) == ["a-h2": 2])
    }

    @Test("at least minGroups hosts get an instance, where one would do for all")
    func hostGroups() {
        #expect(plan(4, [SpreadRule(level: .host, minGroups: 4)])?.hosts(in: fleet).count == 4)
        #expect(plan(6, [SpreadRule(level: .host, minGroups: 6)]) == nil)
    }

    @Test(
        "the fullest group has at most maxSkew more than the emptiest, at every level",
        arguments: [
            (SpreadRule.Level.host, 8, [1, 1, 2, 2, 2]), (.site, 7, [2, 2, 3]), (.city, 9, [4, 5]),
            (.province, 9, [4, 5]), (.area, 9, [4, 5]), (.carrier, 7, [2, 2, 3]),
        ]
    )
    func skew(level: SpreadRule.Level, count: Int, expected: [Int]) {
        let plan = plan(count, [SpreadRule(level: level, maxSkew: 1)])
        #expect(plan?.counts(in: fleet, by: level).values.sorted() == expected)
    }

    @Test("the emptiest group holds the others down, and the refusal says so")
    func smallest() {
        let shortage = place(.cores(12, spread: [SpreadRule(level: .site, maxSkew: 2)]), on: fleet.inventory).shortage
        #expect(shortage?.available == 10)
        let rule = "at most 2 more in the fullest site than in the emptiest that is used"
        #expect(shortage?.gap.map(\.level) == [nil, .site])
        #expect(shortage?.gap.last?.detail == "The rule of \(rule) keeps 2 more out.")
    }

    @Test("a group without room for one is not among the emptiest, and one of the order's own is")
    func eligible() {
        var fleet = fleet
        fleet.reserve("c-h1", hours: 9..<11, cores: 2)
        var demand = Demand.cores(7, spread: [SpreadRule(level: .site, maxSkew: 1)])
        #expect(place(demand, on: fleet.inventory).plan?.counts(in: fleet) == ["a": 3, "b": 4])
        demand.existing = [HostID(rawValue: 5): 2]
        demand.leastAcceptable = 1
        #expect(place(demand, on: fleet.inventory).plan?.counts(in: fleet) == ["a": 3, "b": 3])
    }

    @Test("skews of several levels hold together, carriers among them")
    func several() {
        let rules = [SpreadRule.Level.host, .site, .carrier, .province].map { SpreadRule(level: $0, maxSkew: 1) }
        let demand = Demand.cores(5, least: 1, spread: rules)
        #expect(place(demand, on: fleet.inventory).plan?.counts(in: fleet) == ["a": 2, "b": 2, "c": 1])
    }

    @Test("a relaxable skew yields to the count, and the plan says so")
    func relaxing() {
        let rule = SpreadRule(level: .site, maxSkew: 1, whenUnsatisfiable: .relax)
        #expect(plan(12, [rule])?.relaxed.map(\.softenedTo?.maxSkew) == [4])
        #expect(plan(7, [rule])?.relaxed == [])
    }

    @Test("a large count is evened out over a few groups without trying every number")
    func large() {
        var fleet = TinyFleet()
        for (index, city) in ["1101", "3101", "4401", "5101"].enumerated() {
            fleet.add("s\(index)", city: city, cores: [300_000 + index])
        }
        let plan = place(.cores(1_000_003, spread: [SpreadRule(level: .area, maxSkew: 1)]), on: fleet.inventory).plan
        #expect(plan?.counts(in: fleet, by: .area).values.sorted() == [250_000, 250_001, 250_001, 250_001])
    }

    @Test("an order made to keep the scan busy is answered all the same")
    func hostile() {
        let inventory = Inventory.synthetic(FleetSynthesis(siteCount: 300, hostCount: 900))
        let rules = [
            SpreadRule(level: .carrier, minGroups: 3, maxSkew: 40),
            SpreadRule(level: .province, minGroups: 31, maxSkew: 9),
            SpreadRule(level: .city, maxPerGroup: 2, maxSkew: 7),
            SpreadRule(level: .area, minGroups: 7, maxSkew: 30),
            SpreadRule(level: .host, maxSkew: 1),
        ]
        #expect(place(.cores(100_000, least: 100_000, spread: rules), on: inventory).plan == nil)
    }
}
