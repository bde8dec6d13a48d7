import CapacityModel
import Placement
import Testing

@Suite("Refusals")
struct ShortageTests {
    private let fleet: TinyFleet

    init() {
        var fleet = TinyFleet()
        fleet.add("a", city: "1101", cores: [4])
        fleet.add("b", city: "3201", carrier: .unicom, cores: [4])
        fleet.add("c", city: "3202", carrier: .unicom, cores: [8])
        fleet.reserve("c-h1", hours: 9..<11, cores: 6)
        self.fleet = fleet
    }

    private func gaps(_ demand: Demand) -> [Gap] {
        place(demand, on: fleet.inventory).shortage?.gap ?? []
    }

    @Test("a scope without sites says how many would fit nationwide")
    func scope() {
        let gaps = gaps(.cores(7, scope: Scope(include: [Scope.Selector(province: "44")])))
        #expect(gaps.map(\.bound) == [.scope])
        #expect(gaps.map(\.missing) == [7])
        #expect(gaps.map(\.detail) == ["None of the 3 sites matches the scope. Nationwide 7 would fit."])
    }

    @Test("a spec larger than any host says so")
    func spec() {
        let unit = Resources(vcpuMilli: 9_500, memoryMiB: 1_024)
        let gaps = gaps(Demand(count: 3, unit: unit, held: .hours(10..<12)))
        #expect(gaps.map(\.bound) == [.spec])
        #expect(gaps.map(\.missing) == [3])
        let sentence =
            "No host at the 3 sites in scope is large enough for one instance of 9.5 vCPU, 1024 MiB, "
            + "even when empty."
        #expect(gaps.map(\.detail) == [sentence])
    }

    @Test("full hosts say what is free in the window, and what would be without reservations")
    func capacity() {
        let gaps = gaps(.cores(15))
        #expect(gaps.map(\.bound) == [.capacity])
        #expect(gaps.map(\.missing) == [5])
        let sentence =
            "The 3 sites in scope have room for 10 of 1 vCPU, 2048 MiB from 1970-01-01T10:00:00Z to "
            + "1970-01-01T12:00:00Z, and for 16 when nothing is reserved."
        #expect(gaps.map(\.detail) == [sentence])
    }

    @Test("of several rules the one that keeps most out stands first")
    func order() {
        let rules = [
            SpreadRule(level: .site, maxPerGroup: 3), SpreadRule(level: .carrier, maxPerGroup: 4),
            SpreadRule(level: .city, maxPerGroup: 10),
        ]
        let gaps = gaps(.cores(9, spread: rules))
        #expect(gaps.map(\.bound) == [.spread, .spread])
        #expect(gaps.map(\.level) == [.site, .carrier])
        #expect(gaps.map(\.missing) == [1, 1])
        #expect(gaps.first?.detail == "The rule of at most 3 per site keeps 1 more out.")
    }

    @Test("bounds that bind only together are all named")
    func together() {
        let rules = [SpreadRule(level: .site, maxPerGroup: 2), SpreadRule(level: .city, maxPerGroup: 2)]
        let gaps = gaps(.cores(9, spread: rules))
        #expect(gaps.map(\.bound) == [.capacity, .spread, .spread])
        #expect(gaps.allSatisfy { $0.missing == 0 && $0.detail.hasSuffix("bind together.") })
    }

    @Test("fewer takes shares of the smaller count, so that the offer stands by itself")
    func fewer() {
        let demand = Demand.cores(9, spread: [SpreadRule(level: .carrier, maxShare: 0.5)])
        #expect(place(demand, on: fleet.inventory).shortage?.available == 8)
        let proposals = counterProposals(for: demand, on: fleet.inventory, notLaterThan: .hour(10))
        #expect(proposals == [.fewer(count: 8)])
        #expect(place(.cores(8, spread: demand.spread), on: fleet.inventory).plan?.count == 8)
    }

    @Test("later is the first end at which all fit, and not past the horizon")
    func later() {
        let later = counterProposals(for: .cores(15), on: fleet.inventory, notLaterThan: .hour(11))
        #expect(later == [.fewer(count: 10), .later(start: .hour(11))])
        let sooner = counterProposals(for: .cores(15), on: fleet.inventory, notLaterThan: .hour(10))
        #expect(sooner == [.fewer(count: 10)])
    }

    @Test("among thousands of ends one that fits is found in few tries, and it does fit")
    func manyEnds() throws {
        var fleet = TinyFleet()
        fleet.add("s", cores: [2_000])
        for hour in 1...2_000 { fleet.reserve("s-h1", hours: 0..<hour, cores: 1) }
        let demand = Demand.cores(1_000, hours: 1..<2)
        let inventory = fleet.inventory
        let proposals = counterProposals(for: demand, on: inventory, notLaterThan: .hour(3_000))
        guard case .later(let start) = try #require(proposals.last) else {
            Issue.record("a later start was expected, not \(proposals)")
            return
        }
        #expect(start >= .hour(1_000) && start <= .hour(1_070))
    }
}
