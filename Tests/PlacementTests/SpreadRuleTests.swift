import CapacityModel
import Placement
import Testing

/// Each kind of rule at each level, on a fleet with room for all: four sites of 10 cores.
@Suite("Spread rules")
struct SpreadRuleTests {
    private let fleet: TinyFleet

    init() {
        var fleet = TinyFleet()
        fleet.add("a", city: "1101", carrier: .telecom, cores: [10])
        fleet.add("b", city: "3201", carrier: .telecom, cores: [10])
        fleet.add("c", city: "3201", carrier: .unicom, cores: [10])
        fleet.add("d", city: "3202", carrier: .mobile, cores: [10])
        self.fleet = fleet
    }

    @Test(
        "no group gets more than maxPerGroup",
        arguments: [
            (SpreadRule.Level.site, ["a": 3, "b": 3, "c": 3, "d": 3]), (.city, ["a": 3, "b": 3, "d": 3]),
            (.province, ["a": 3, "b": 3]), (.area, ["a": 3, "b": 3]), (.carrier, ["a": 3, "c": 3, "d": 3]),
        ]
    )
    func maxPerGroup(level: SpreadRule.Level, expected: [String: Int]) {
        let count = expected.values.reduce(0, +)
        let rules = [SpreadRule(level: level, maxPerGroup: 3)]
        #expect(place(.cores(count, spread: rules), on: fleet.inventory).plan?.counts(in: fleet) == expected)
        #expect(place(.cores(count + 1, spread: rules), on: fleet.inventory).shortage?.available == count)
    }

    @Test("no group gets more than maxShare of the order, rounded down and at least one")
    func maxShare() {
        let rules = [SpreadRule(level: .site, maxShare: 0.4)]
        let plan = place(.cores(9, spread: rules), on: fleet.inventory).plan
        #expect(plan?.counts(in: fleet) == ["a": 3, "b": 3, "c": 3])
        #expect(place(.cores(2, spread: rules), on: fleet.inventory).plan?.counts(in: fleet) == ["a": 1, "b": 1])
    }

    @Test("shares are taken of the whole order, also when a few are placed again")
    func shareBase() {
        var demand = Demand.cores(2, spread: [SpreadRule(level: .site, maxShare: 0.5)])
        demand.shareBase = 10
        demand.existing = [HostID(rawValue: 1): 4]
        #expect(place(demand, on: fleet.inventory).plan?.counts(in: fleet) == ["a": 1, "b": 1])
    }

    @Test(
        "at least minGroups groups get an instance",
        arguments: [(SpreadRule.Level.site, 4), (.city, 3), (.province, 2), (.area, 2), (.carrier, 3)]
    )
    func minGroups(level: SpreadRule.Level, groups: Int) {
        let rules = [SpreadRule(level: level, minGroups: groups)]
        let plan = place(.cores(5, spread: rules), on: fleet.inventory).plan
        #expect(plan?.counts(in: fleet, by: level).count == groups)
        #expect(plan?.count == 5)
        let more = [SpreadRule(level: level, minGroups: groups + 1)]
        #expect(place(.cores(5, spread: more), on: fleet.inventory).shortage?.available == 0)
    }

    @Test("an order smaller than minGroups cannot be had")
    func fewerThanGroups() {
        let rules = [SpreadRule(level: .site, minGroups: 3)]
        let shortage = place(.cores(2, spread: rules), on: fleet.inventory).shortage
        #expect(shortage?.available == 0)
        #expect(shortage?.gap.map(\.level) == [.site])
    }

    @Test("what an order has already counts in its rules, and takes no capacity")
    func existing() {
        var demand = Demand.cores(2, spread: [SpreadRule(level: .city, maxPerGroup: 2, minGroups: 3)])
        demand.existing = [HostID(rawValue: 1): 2, HostID(rawValue: 3): 1]
        #expect(place(demand, on: fleet.inventory).plan?.counts(in: fleet, by: .city) == ["3201": 1, "3202": 1])
    }

    @Test("where the fullest sites block a carrier's cap, instances are moved until all fit")
    func crossing() throws {
        var fleet = TinyFleet()
        fleet.add("a", city: "1101", carrier: .telecom, cores: [2])
        fleet.add("b", city: "1101", carrier: .unicom, cores: [3])
        fleet.add("c", city: "3201", carrier: .telecom, cores: [4])
        let rules = [SpreadRule(level: .city, maxPerGroup: 2), SpreadRule(level: .carrier, maxPerGroup: 2)]
        let plan = try #require(place(.cores(4, spread: rules), on: fleet.inventory).plan)
        #expect(plan.counts(in: fleet) == ["b": 2, "c": 2])
    }

    @Test("a relaxable rule yields to the count, and the plan says so")
    func relaxing() throws {
        let hard = SpreadRule(level: .site, maxPerGroup: 5)
        let first = SpreadRule(level: .area, minGroups: 2, whenUnsatisfiable: .relax)
        let last = SpreadRule(level: .province, maxPerGroup: 4, whenUnsatisfiable: .relax)
        let demand = Demand.cores(20, spread: [first, last, hard])
        let plan = try #require(place(demand, on: fleet.inventory).plan)
        var kept = last
        kept.maxPerGroup = 15
        #expect(plan.relaxed == [RelaxedRule(last, softenedTo: kept)])
        #expect(plan.counts(in: fleet) == ["a": 5, "b": 5, "c": 5, "d": 5])
        #expect(place(.cores(8, spread: demand.spread), on: fleet.inventory).plan?.relaxed == [])
    }

    @Test("a rule is softened by the least that helps, and dropped only where nothing of it is left")
    func softening() throws {
        func softened(_ rule: SpreadRule, count: Int) -> RelaxedRule? {
            place(.cores(count, spread: [rule]), on: fleet.inventory).plan?.relaxed.first
        }
        let share = SpreadRule(level: .carrier, maxShare: 0.4, whenUnsatisfiable: .relax)
        #expect(softened(share, count: 32) == nil)
        #expect(softened(share, count: 34)?.softenedTo?.maxPerGroup == 14)
        let groups = SpreadRule(level: .site, minGroups: 9, whenUnsatisfiable: .relax)
        #expect(softened(groups, count: 9)?.softenedTo?.minGroups == 4)
        let skew = SpreadRule(level: .province, maxSkew: 1, whenUnsatisfiable: .relax)
        #expect(softened(skew, count: 40)?.softenedTo?.maxSkew == 20)
        let impossible = SpreadRule(level: .area, minGroups: 2, whenUnsatisfiable: .relax)
        let demand = Demand.cores(5, scope: Scope(include: [Scope.Selector(site: "a")]), spread: [impossible])
        #expect(place(demand, on: fleet.inventory).plan?.relaxed == [RelaxedRule(impossible)])
    }

    @Test("of two rules that cannot both be kept, the first is, and the last no less than it can be")
    func order() throws {
        let first = SpreadRule(level: .site, maxPerGroup: 2, whenUnsatisfiable: .relax)
        let last = SpreadRule(level: .province, maxPerGroup: 2, minGroups: 2, whenUnsatisfiable: .relax)
        let plan = try #require(place(.cores(8, spread: [first, last]), on: fleet.inventory).plan)
        #expect(plan.relaxed.map(\.rule) == [last])
        #expect(plan.relaxed.first?.softenedTo?.maxPerGroup == 6)
        #expect(plan.relaxed.first?.softenedTo?.minGroups == 2)
    }

    @Test("a relaxable rule that does not help stays")
    func useless() throws {
        let soft = SpreadRule(level: .site, maxPerGroup: 10, whenUnsatisfiable: .relax)
        let plan = try #require(place(.cores(50, least: 1, spread: [soft]), on: fleet.inventory).plan)
        #expect(plan.relaxed.isEmpty)
        #expect(plan.count == 40)
    }
}
