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

    @Test("each part of a spec that no host in scope has is named, with the most there is in scope and beyond it")
    func excess() {
        let unit = Resources(vcpuMilli: 4_500, memoryMiB: 65_536, diskGiB: 10, bandwidthMbps: 1)
        let scope = Scope(include: [Scope.Selector(province: "11"), Scope.Selector(site: "b")])
        let verdict = place(Demand(count: 3, unit: unit, scope: scope, held: .hours(10..<12)), on: fleet.inventory)
        #expect(
            verdict.shortage?.excess == [
                Excess(.vcpu, detail: "4.5 vCPU asked for; the largest host in scope has 4 vCPU, outside of it 8 vCPU"),
                Excess(
                    .memory,
                    detail: "65536 MiB asked for; the largest host in scope has 16384 MiB, outside of it 32768 MiB"),
                Excess(.disk, detail: "10 GiB of disk asked for; the largest host in scope has 0 GiB of disk"),
                Excess(.bandwidth, detail: "1 Mbps asked for; the largest host in scope has 0 Mbps"),
            ]
        )
    }

    @Test("amounts that some hosts have one by one and none has together are named as a whole")
    func excessTogether() {
        var fleet = fleet
        let wide = Resources(vcpuMilli: 64_000, memoryMiB: 1_024, gpuModel: "T4", gpuCount: 2)
        fleet.addHost("c-wide", at: SiteID(rawValue: 3), wide)
        func parts(_ unit: Resources) -> [Excess.Part]? {
            let demand = Demand(count: 1, unit: unit, held: .hours(10..<12))
            return place(demand, on: fleet.inventory).shortage?.excess.map(\.part)
        }
        #expect(parts(Resources(vcpuMilli: 16_000, memoryMiB: 2_048)) == [.together])
        #expect(parts(Resources(vcpuMilli: 1_000, memoryMiB: 512, gpuModel: "G2", gpuCount: 1)) == [.gpuModel])
        #expect(parts(Resources(vcpuMilli: 1_000, memoryMiB: 512, gpuModel: "T4", gpuCount: 3)) == [.gpuCount])
        #expect(parts(Resources(vcpuMilli: 1_000, memoryMiB: 512, gpuCount: 3)) == [.gpuCount])
        #expect(parts(Resources(vcpuMilli: 65_000, memoryMiB: 512, gpuModel: "T4", gpuCount: 1)) == [.vcpu])
    }

    @Test("only a spec that is too large is called so")
    func noExcess() {
        #expect(place(.cores(15), on: fleet.inventory).shortage?.excess == [])
        let nowhere = Scope(include: [Scope.Selector(province: "44")])
        #expect(place(.cores(7, scope: nowhere), on: fleet.inventory).shortage?.excess == [])
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
        #expect(proposals.last == .fewer(count: 8))
        #expect(place(.cores(8, spread: demand.spread), on: fleet.inventory).plan?.count == 8)
    }

    @Test("later is the first end at which all fit, and not past the horizon")
    func later() {
        let later = counterProposals(for: .cores(15), on: fleet.inventory, notLaterThan: .hour(11))
        #expect(later.contains(.later(start: .hour(11))))
        let sooner = counterProposals(for: .cores(15), on: fleet.inventory, notLaterThan: .hour(10))
        #expect(sooner.contains(.fewer(count: 10)))
        #expect(sooner.allSatisfy { if case .later = $0 { false } else { true } })
    }
}
