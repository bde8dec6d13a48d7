import CapacityModel
import Testing

@testable import Placement

@Suite("What is protected for other classes")
struct HeadroomTests {
    private static let platinum = TenantClass(rawValue: "platinum")
    private static let gold = TenantClass(rawValue: "gold")
    private static let site = Site(
        id: SiteID(rawValue: 1), name: "a", province: "11", city: "1101", carrier: .telecom)
    private static let host = Host(
        id: HostID(rawValue: 1), site: site.id, name: "h1",
        allocatable: Resources(vcpuMilli: 10_000, memoryMiB: 10_240, gpuModel: "G2", gpuCount: 4))

    private static func window(_ start: Int64, _ end: Int64) -> Window {
        Window(start: Instant(secondsSinceEpoch: start), end: Instant(secondsSinceEpoch: end))
    }

    private static func headroom(
        _ cores: Int64, for tenantClass: TenantClass, devices: Range<Int> = 0..<0
    ) -> HostHeadroom {
        HostHeadroom(
            host: host.id, tenantClass: tenantClass, amounts: Resources(vcpuMilli: cores * 1_000, memoryMiB: 0),
            devices: devices)
    }

    private static func row(
        _ cores: Int64, _ window: Window, of tenantClass: TenantClass, devices: [Int] = []
    ) -> InventoryReservation {
        InventoryReservation(
            id: 1, host: host.id, held: window,
            amounts: Resources(
                vcpuMilli: cores * 1_000, memoryMiB: 0, gpuModel: "G2", gpuCount: Int64(devices.count)),
            devices: devices, tenantClass: tenantClass)
    }

    private static func fleet(
        _ headrooms: [HostHeadroom], _ rows: [InventoryReservation] = [], closed: [Window] = []
    ) -> FleetByClass {
        FleetByClass(
            Inventory(
                version: 1, sites: [site], hosts: [host], reservations: rows, closures: [host.id: closed],
                headrooms: headrooms))
    }

    /// How many cores can be had throughout a window.
    private static func room(_ inventory: Inventory, _ window: Window) -> Int {
        let demand = Demand(
            count: 100, leastAcceptable: 0, unit: Resources(vcpuMilli: 1_000, memoryMiB: 0), held: window)
        guard case .placed(let plan, _) = place(demand, on: inventory) else { return 0 }
        return plan.count
    }

    @Test("others plan on what is left at every moment, its class on its part and what is free")
    func seen() {
        let fleet = Self.fleet(
            [Self.headroom(4, for: Self.platinum), Self.headroom(2, for: Self.gold), Self.headroom(1, for: .nobody)],
            [
                Self.row(2, Self.window(0, 10), of: .standard), Self.row(6, Self.window(5, 15), of: Self.platinum),
            ])
        let expected: [(Window, standard: Int, platinum: Int, gold: Int)] = [
            (Self.window(0, 5), 1, 5, 3), (Self.window(5, 10), 0, 0, 2), (Self.window(10, 15), 1, 1, 3),
            (Self.window(15, 20), 3, 7, 5), (Self.window(0, 20), 0, 0, 2),
        ]
        for (window, standard, platinum, gold) in expected {
            #expect(Self.room(fleet[.standard], window) == standard, "\(window)")
            #expect(Self.room(fleet[Self.platinum], window) == platinum, "\(window)")
            #expect(Self.room(fleet[Self.gold], window) == gold, "\(window)")
        }
    }

    @Test("where others use what is protected, its class has what is free, and they have no more")
    func draining() {
        let fleet = Self.fleet(
            [Self.headroom(4, for: Self.platinum)],
            [Self.row(9, Self.window(0, 10), of: .standard)])
        #expect(Self.room(fleet[.standard], Self.window(0, 10)) == 0)
        #expect(Self.room(fleet[Self.platinum], Self.window(0, 10)) == 1)
        #expect(Self.room(fleet[.standard], Self.window(10, 20)) == 6)
    }

    @Test("GPUs that are protected are out of reach one by one, the last and those in between")
    func devices() {
        let fleet = Self.fleet(
            [
                Self.headroom(0, for: Self.platinum, devices: 3..<4), Self.headroom(0, for: Self.gold, devices: 2..<3),
            ],
            [Self.row(0, Self.window(0, 10), of: Self.platinum, devices: [3])])
        func devices(_ tenantClass: TenantClass, _ window: Window, share: Int64 = 0) -> [[Int]] {
            let unit = Resources(
                vcpuMilli: 10, memoryMiB: 0, gpuModel: "G2", gpuCount: share > 0 ? 0 : 1, gpuShareMilli: share)
            let demand = Demand(count: 100, leastAcceptable: 0, unit: unit, held: window)
            guard case .placed(let plan, _) = place(demand, on: fleet[tenantClass]) else { return [] }
            return plan.groups.map(\.devices).sorted { $0[0] < $1[0] }
        }
        #expect(devices(.standard, Self.window(0, 10)) == [[0], [1]])
        #expect(devices(.standard, Self.window(0, 10), share: 500) == [[0], [1]])
        #expect(devices(Self.gold, Self.window(0, 10)) == [[0], [1], [2]])
        #expect(devices(Self.platinum, Self.window(0, 10)) == [[0], [1]])
        #expect(devices(Self.platinum, Self.window(10, 20)) == [[0], [1], [3]])
        let one = Demand(
            count: 1, unit: Resources(vcpuMilli: 10, memoryMiB: 0, gpuModel: "G2", gpuCount: 1),
            held: Self.window(10, 20))
        guard case .placed(let plan, _) = place(one, on: fleet[Self.gold]) else {
            Issue.record("there is room")
            return
        }
        #expect(plan.groups.map(\.devices) == [[2]], "its own first: nobody else can have it")
    }

    @Test("a refusal says that protected capacity binds, in the gap and part by part")
    func told() throws {
        let fleet = Self.fleet([Self.headroom(4, for: Self.platinum)])
        let demand = Demand(
            count: 7, unit: Resources(vcpuMilli: 1_000, memoryMiB: 0), held: Self.window(0, 10))
        guard case .short(let shortage) = place(demand, on: fleet[.standard]) else {
            Issue.record("seven are too many")
            return
        }
        #expect(shortage.gap.first?.bound == .headroom)
        #expect(shortage.gap.first?.missing == 1)
        #expect(shortage.available == 6)
        let part = try #require(explain(demand, on: fleet[.standard]).first)
        #expect(part.bindings.contains(Binding(.headroom, gain: 1)))
        let own = explain(demand, on: fleet[Self.platinum]).flatMap(\.bindings)
        #expect(!own.contains { $0.constraint == .headroom })
        var large = demand
        large.count = 1
        large.unit.vcpuMilli = 7_000
        guard case .short(let tooLarge) = place(large, on: fleet[.standard]) else {
            Issue.record("seven cores are too many")
            return
        }
        #expect(tooLarge.gap.map(\.bound) == [.headroom], "the host is large enough")
    }

    @Test("a calendar that is replaced, a plan that is taken and a closure keep what is protected")
    func kept() {
        var fleet = Self.fleet([Self.headroom(4, for: Self.platinum)])
        fleet.replaceCalendar(
            of: Self.host.id, with: [Self.row(1, Self.window(0, 10), of: Self.platinum)],
            closures: [Self.window(20, 30)])
        #expect(Self.room(fleet[.standard], Self.window(0, 10)) == 6)
        #expect(Self.room(fleet[.standard], Self.window(15, 25)) == 0)
        let plan = Plan(groups: [Plan.Group(host: Self.host.id, site: Self.site.id, count: 5)])
        fleet.take(
            plan, of: Resources(vcpuMilli: 1_000, memoryMiB: 0), during: Self.window(0, 10), by: Self.platinum)
        #expect(Self.room(fleet[.standard], Self.window(0, 10)) == 4)
        #expect(Self.room(fleet[Self.platinum], Self.window(0, 10)) == 4)
        #expect(Self.room(fleet[.standard], Self.window(10, 20)) == 6)
    }
}
