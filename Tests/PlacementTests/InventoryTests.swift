import CapacityModel
import Placement
import Testing

@Suite("Inventory")
struct InventoryTests {
    private let host = HostID(rawValue: 1)

    @Test("free is the allocatable less the peak, resource by resource")
    func free() {
        var fleet = TinyFleet()
        fleet.add("s", cores: [10])
        fleet.reserve("s-h1", hours: 1..<3, cores: 2)
        fleet.reserve("s-h1", hours: 2..<4, cores: 3)
        fleet.reserve("s-h1", hours: 4..<6, cores: 4)
        let inventory = fleet.inventory
        let cores = [(0..<1, 10), (1..<2, 8), (0..<3, 5), (3..<4, 7), (3..<5, 6), (0..<9, 5), (6..<9, 10), (2..<2, 10)]
        for (hours, expected) in cores {
            #expect(inventory.free(on: host, during: .hours(hours)).vcpuMilli == Int64(expected) * 1_000, "\(hours)")
        }
        #expect(inventory.free(on: HostID(rawValue: 9), during: .hours(0..<1)) == .zero)
    }

    @Test("free agrees with a walk through every hour")
    func walk() {
        for seed in 0..<300 {
            var random = SplitMix64(seed: UInt64(seed))
            var fleet = TinyFleet()
            fleet.add("s", cores: [40])
            for _ in 0..<random.below(12) {
                let start = random.below(20)
                fleet.reserve("s-h1", hours: start..<(start + random.below(6)), cores: random.below(4))
            }
            let inventory = fleet.inventory
            for start in 0..<24 {
                let end = start + 1 + random.below(5)
                let used = (start..<end).map { hour in
                    fleet.reservations.filter { $0.held.contains(.hour(hour)) }
                        .reduce(0) { $0 + $1.amounts.vcpuMilli }
                }
                let free = inventory.free(on: host, during: .hours(start..<end)).vcpuMilli
                #expect(free == 40_000 - (used.max() ?? 0), "seed \(seed), \(start)..<\(end)")
            }
        }
    }

    @Test("a plan is held while its hosts have room for it throughout its window, and never one with GPUs or a spare")
    func holds() {
        var fleet = TinyFleet()
        fleet.add("s", cores: [4, 4])
        fleet.reserve("s-h1", hours: 2..<3, cores: 2)
        let inventory = fleet.inventory
        func isHeld(_ counts: [Int], _ hours: Range<Int>, devices: [Int] = [], spare: Int = 0) -> Bool {
            func groups(_ counts: [Int], _ devices: [Int]) -> [Plan.Group] {
                zip(inventory.hosts, counts).filter { $0.1 > 0 }.map { host, count in
                    Plan.Group(host: host.id, site: host.site, count: count, devices: devices)
                }
            }
            let plan = Plan(groups: groups(counts, devices), spare: groups([0, spare], []))
            return inventory.holds(plan, of: .oneCore, during: .hours(hours))
        }
        #expect(isHeld([4, 4], 0..<2) && isHeld([2, 4], 0..<4) && isHeld([4, 0], 3..<9))
        #expect(!isHeld([3, 0], 0..<3) && !isHeld([3, 1], 2..<3) && !isHeld([0, 5], 0..<1))
        #expect(!isHeld([1, 0], 0..<1, devices: [0]) && !isHeld([1, 0], 0..<1, spare: 1))
    }

    @Test("a copy keeps its calendar when the other's is replaced")
    func replace() {
        var fleet = TinyFleet()
        fleet.add("s", cores: [10])
        fleet.reserve("s-h1", hours: 1..<3, cores: 10)
        let before = fleet.inventory
        var after = before
        after.replaceCalendar(of: host, with: [])
        after.replaceCalendar(of: HostID(rawValue: 9), with: fleet.reservations)
        #expect(before.free(on: host, during: .hours(1..<2)).vcpuMilli == 0)
        #expect(after.free(on: host, during: .hours(1..<2)).vcpuMilli == 10_000)
        after.replaceCalendar(of: host, with: fleet.reservations)
        #expect(after.free(on: host, during: .hours(1..<2)).vcpuMilli == 0)
    }

    @Test("rows that came while the snapshot was read are left for the next one")
    func strays() {
        var fleet = TinyFleet()
        fleet.add("s", cores: [1])
        fleet.addHost("stray", at: SiteID(rawValue: 7), .oneCore)
        fleet.reserve("stray", hours: 0..<9, cores: 1)
        let inventory = fleet.inventory
        #expect(inventory.hosts.map(\.name) == ["s-h1"])
        #expect(inventory.host(HostID(rawValue: 2)) == nil)
        #expect(inventory.site(SiteID(rawValue: 1))?.name == "s")
        #expect(inventory.version == 1)
    }

    @Test("sites and hosts stand in the order of their names")
    func order() {
        var fleet = TinyFleet()
        fleet.add("b", cores: [1, 1])
        fleet.add("a", cores: [1])
        #expect(fleet.inventory.sites.map(\.name) == ["a", "b"])
        #expect(fleet.inventory.hosts.map(\.name) == ["a-h1", "b-h1", "b-h2"])
    }
}
