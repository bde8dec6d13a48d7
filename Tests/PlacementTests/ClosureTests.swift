import CapacityModel
import Testing

@testable import Placement

@Suite("Closed hosts")
struct ClosureTests {
    private static func window(_ start: Int64, _ end: Int64) -> Window {
        Window(start: Instant(secondsSinceEpoch: start), end: Instant(secondsSinceEpoch: end))
    }

    private static let site = Site(
        id: SiteID(rawValue: 1), name: "a", province: "11", city: "1101", carrier: .telecom)
    private static let hosts = (1...2).map { number in
        Host(
            id: HostID(rawValue: Int64(number)), site: site.id, name: "h\(number)",
            allocatable: Resources(vcpuMilli: 10_000, memoryMiB: 10_240)
        )
    }

    private static func demand(_ count: Int, _ start: Int64, _ end: Int64) -> Demand {
        Demand(count: count, unit: Resources(vcpuMilli: 1_000, memoryMiB: 1_024), held: window(start, end))
    }

    private static func inventory(_ reservations: [InventoryReservation] = []) -> Inventory {
        Inventory(
            version: 1, sites: [site], hosts: hosts, reservations: reservations,
            closures: [hosts[0].id: [window(50, 60), window(55, 70)]]
        )
    }

    private static func count(_ verdict: Verdict, on host: Host) -> Int {
        guard case .placed(let plan, _) = verdict else { return -1 }
        return plan.groups.filter { $0.host == host.id }.reduce(0) { $0 + $1.count }
    }

    @Test("nothing is planned into a closed stretch, and the host is whole before and after it")
    func avoided() {
        let inventory = Self.inventory()
        for (start, end, open) in [(0, 50, true), (49, 51, false), (65, 66, false), (69, 80, false), (70, 80, true)] {
            let verdict = place(Self.demand(20, Int64(start), Int64(end)), on: inventory)
            #expect(Self.count(verdict, on: Self.hosts[0]) == (open ? 10 : -1), "\(start) to \(end)")
            let free = inventory.free(on: Self.hosts[0].id, during: Self.window(Int64(start), Int64(end)))
            #expect(free.vcpuMilli == (open ? 10_000 : 0))
        }
        #expect(Self.count(place(Self.demand(10, 0, 100), on: inventory), on: Self.hosts[1]) == 10)
    }

    @Test("what is held on a closed host does not make it look fuller than full, and comes free at its own end")
    func held() {
        let reservation = InventoryReservation(
            id: 1, host: Self.hosts[0].id, held: Self.window(0, 65),
            amounts: Resources(vcpuMilli: 4_000, memoryMiB: 4_096))
        var inventory = Self.inventory([reservation])
        #expect(inventory.free(on: Self.hosts[0].id, during: Self.window(60, 62)).vcpuMilli == 0)
        inventory.replaceCalendar(of: Self.hosts[0].id, with: [reservation])
        #expect(inventory.free(on: Self.hosts[0].id, during: Self.window(60, 62)).vcpuMilli == 6_000)
        #expect(inventory.closures(of: Self.hosts[0].id).isEmpty)
    }

    @Test("a refusal says that hosts are closed, and the first start behind them is proposed")
    func refused() throws {
        let demand = Self.demand(11, 45, 55)
        guard case .short(let shortage) = place(demand, on: Self.inventory()) else {
            Issue.record("placed on a closed host")
            return
        }
        #expect(shortage.gap[0].detail.hasSuffix("One of their hosts is closed then."))
        let proposals = counterProposals(
            for: demand, on: Self.inventory(), notLaterThan: Instant(secondsSinceEpoch: 500))
        #expect(proposals.contains(.later(start: Instant(secondsSinceEpoch: 70))))
    }
}
