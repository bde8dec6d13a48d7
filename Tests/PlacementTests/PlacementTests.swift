import CapacityModel
import Placement
import Testing

@Suite("Placement")
struct PlacementTests {
    @Test("10,000 vCPU at one site, 8,000 taken and idle: an order of 5,000 is refused, and told 2,000 would do")
    func promise() throws {
        var fleet = TinyFleet()
        fleet.add("s", cores: [Int](repeating: 100, count: 100))
        for number in 1...80 { fleet.reserve("s-h\(number)", hours: 0..<1_000, cores: 100) }
        let demand = Demand.cores(5_000)
        let shortage = try #require(place(demand, on: fleet.inventory).shortage)
        #expect(shortage.available == 2_000)
        #expect(shortage.missing == 3_000)
        #expect(shortage.gap.map(\.bound) == [.capacity])
        let proposals = counterProposals(for: demand, on: fleet.inventory, notLaterThan: .hour(2_000))
        #expect(proposals.suffix(2) == [.fewer(count: 2_000), .later(start: .hour(1_000))])
    }

    @Test("sites are filled from the fullest on, ties by name")
    func fullestFirst() throws {
        var fleet = TinyFleet()
        fleet.add("c", cores: [8])
        fleet.add("a", cores: [4])
        fleet.add("b", cores: [4])
        fleet.reserve("c-h1", hours: 0..<24, cores: 5)
        let plan = try #require(place(.cores(6), on: fleet.inventory).plan)
        #expect(plan.counts(in: fleet) == ["c": 3, "a": 3])
    }

    @Test(
        "in a site the tightest host that takes all is used, else the fullest whole",
        arguments: [
            (3, ["s-h2": 3]), (4, ["s-h3": 4]), (7, ["s-h4": 7]), (9, ["s-h1": 2, "s-h4": 7]),
            (10, ["s-h1": 2, "s-h4": 8]),
        ]
    )
    func hosts(count: Int, expected: [String: Int]) throws {
        var fleet = TinyFleet()
        fleet.add("s", cores: [2, 3, 5, 8])
        let plan = try #require(place(.cores(count), on: fleet.inventory).plan)
        #expect(plan.hosts(in: fleet) == expected)
    }

    @Test("the scope, and the hosts to avoid, get nothing")
    func scope() throws {
        var fleet = TinyFleet()
        fleet.add("a", carrier: .telecom, cores: [1])
        fleet.add("b", carrier: .unicom, capabilities: ["l7lb"], cores: [4, 4])
        fleet.add("c", carrier: .mobile, capabilities: ["l7lb"], cores: [4])
        let scope = Scope(exclude: [Scope.Selector(carrier: .mobile)], capabilities: ["l7lb"])
        var demand = Demand.cores(2, scope: scope)
        #expect(place(demand, on: fleet.inventory).plan?.hosts(in: fleet) == ["b-h1": 2])
        demand.avoiding = [HostID(rawValue: 2)]
        #expect(place(demand, on: fleet.inventory).plan?.hosts(in: fleet) == ["b-h2": 2])
    }

    @Test("a window that touches a reservation does not overlap it")
    func halfOpen() {
        var fleet = TinyFleet()
        fleet.add("s", cores: [2])
        fleet.reserve("s-h1", hours: 8..<10, cores: 2)
        fleet.reserve("s-h1", hours: 12..<14, cores: 2)
        #expect(place(.cores(2, hours: 10..<12), on: fleet.inventory).plan?.count == 2)
        #expect(place(.cores(1, hours: 9..<12), on: fleet.inventory).plan == nil)
        #expect(place(.cores(1, hours: 10..<13), on: fleet.inventory).plan == nil)
    }

    @Test("GPUs are whole devices of the model asked for")
    func gpus() {
        var fleet = TinyFleet()
        fleet.add("s", cores: [])
        let has = Resources(vcpuMilli: 64_000, memoryMiB: 65_536, gpuModel: "T4", gpuCount: 4)
        fleet.addHost("t4", at: SiteID(rawValue: 1), has)
        func demand(_ model: String?) -> Demand {
            let unit = Resources(vcpuMilli: 1_000, memoryMiB: 1_024, gpuModel: model, gpuCount: 2)
            return Demand(count: 2, unit: unit, held: .hours(1..<2))
        }
        #expect(place(demand("T4"), on: fleet.inventory).plan?.count == 2)
        #expect(place(demand(nil), on: fleet.inventory).plan?.count == 2)
        #expect(place(demand("G2"), on: fleet.inventory).shortage?.gap.map(\.bound) == [.spec])
    }

    @Test("under atLeast a part is placed, and the rest is said to be missing")
    func partial() {
        var fleet = TinyFleet()
        fleet.add("s", cores: [4])
        guard case .placed(let plan, let missing) = place(.cores(10, least: 4), on: fleet.inventory) else {
            Issue.record("four of ten were acceptable")
            return
        }
        #expect(plan.count == 4)
        #expect(missing == 6)
        #expect(place(.cores(10, least: 5), on: fleet.inventory).shortage?.available == 4)
    }

    @Test("nothing asked for is an empty plan")
    func nothing() {
        #expect(place(.cores(0), on: TinyFleet().inventory) == .placed(Plan(groups: []), missing: 0))
    }

    @Test("an order made to keep the search busy is answered all the same")
    func hostileOrder() {
        let inventory = Inventory.synthetic(FleetSynthesis(siteCount: 300, hostCount: 900))
        let rules = [
            SpreadRule(level: .carrier, maxPerGroup: 40, minGroups: 3),
            SpreadRule(level: .province, maxPerGroup: 3, minGroups: 31),
            SpreadRule(level: .city, maxPerGroup: 2, minGroups: 99),
            SpreadRule(level: .area, maxPerGroup: 12, minGroups: 7),
        ]
        let verdict = place(.cores(200, least: 200, spread: rules), on: inventory)
        #expect(verdict.shortage?.available ?? 0 <= 84)
    }
}
