import CapacityModel
import Placement
import Testing

/// Thousands of tiny fleets whose hosts have GPUs, each from its seed; a failure prints the seed.
@Suite("Placement on GPUs, on any tiny fleet")
struct DevicePropertyTests {
    @Test("the most that fit on the devices are placed, never more, each on devices that are there and have room")
    func exact() {
        var shares = 0
        var wholes = 0
        for seed in 0..<3_000 {
            var random = SplitMix64(seed: UInt64(seed) &+ 6_000_000)
            let fleet = TinyFleet.withGPUs(&random)
            let demand = Demand.gpus(&random)
            let most = PlacementOracle(demand, rules: demand.spread, fleet: fleet).most ?? 0
            switch place(demand, on: fleet.inventory) {
            case .placed(let plan, let missing):
                #expect(plan.count == most, "seed \(seed)")
                let faults = PlacementChecker(fleet: fleet, demand: demand).faults(of: plan, missing: missing)
                #expect(faults.isEmpty, "seed \(seed)")
                if demand.unit.gpuShareMilli > 0 { shares += plan.count } else { wholes += plan.count }
            case .short(let shortage):
                #expect(shortage.available == most, "seed \(seed)")
                #expect(most < demand.leastAcceptable, "seed \(seed)")
            }
        }
        #expect(shares > 1_000)
        #expect(wholes > 500)
    }

    @Test("no other choice of devices on the hosts of a plan leaves more of them whole")
    func wholeDevices() {
        var seen = 0
        for seed in 0..<2_000 {
            var random = SplitMix64(seed: UInt64(seed) &+ 7_000_000)
            let fleet = TinyFleet.withGPUs(&random)
            let demand = Demand.gpus(&random)
            guard demand.unit.gpuShareMilli > 0, let plan = place(demand, on: fleet.inventory).plan else { continue }
            for host in fleet.hosts {
                let groups = plan.groups.filter { $0.host == host.id }
                let begun = fleet.begunDevices(of: host.id, during: demand.held)
                let count = groups.reduce(0) { $0 + $1.count }
                // What fits on devices in use, then whole devices one after the other.
                let perDevice = Int(1_000 / demand.unit.gpuShareMilli)
                let beside = begun.values.reduce(0) { $0 + Int((1_000 - $1) / demand.unit.gpuShareMilli) }
                let opened = groups.count { begun[$0.devices[0]] == nil }
                #expect(opened == (max(0, count - beside) + perDevice - 1) / perDevice, "seed \(seed)")
                seen += groups.count
            }
        }
        #expect(seen > 500)
    }

    @Test("the order of the rows leaves no trace in the devices of a plan")
    func deterministic() {
        for seed in 0..<1_000 {
            var random = SplitMix64(seed: UInt64(seed) &+ 8_000_000)
            let fleet = TinyFleet.withGPUs(&random)
            let demand = Demand.gpus(&random)
            var shuffled = fleet
            shuffled.hosts.shuffle(using: &random)
            shuffled.reservations.shuffle(using: &random)
            #expect(place(demand, on: fleet.inventory) == place(demand, on: shuffled.inventory), "seed \(seed)")
        }
    }
}

extension DevicePropertyTests {
    @Test("rules ask for other counts than the gradient gives, and the most that fit are still placed")
    func underRules() {
        var seen = 0
        for seed in 0..<2_000 {
            var random = SplitMix64(seed: UInt64(seed) &+ 10_000_000)
            let fleet = TinyFleet.withGPUs(&random)
            var demand = Demand.gpus(&random)
            demand.spread = [SpreadRule.Level.host, .site, .province].filter { _ in random.below(2) == 0 }.map {
                SpreadRule(
                    level: $0, maxPerGroup: 1 + random.below(3), minGroups: random.below(2) == 0 ? 2 : nil)
            }
            guard let plan = place(demand, on: fleet.inventory).plan else { continue }
            let most = PlacementOracle(demand, rules: demand.spread, fleet: fleet).most ?? 0
            #expect(plan.count == most, "seed \(seed)")
            let faults = PlacementChecker(fleet: fleet, demand: demand).faults(of: plan, missing: demand.count - most)
            #expect(faults.isEmpty, "seed \(seed): \(faults)")
            var free = demand
            free.spread = []
            if place(free, on: fleet.inventory).plan?.groups != plan.groups { seen += 1 }
        }
        #expect(seen > 200)
    }

    @Test("a plan taken out of an inventory leaves what the same plan in the ledger would")
    func taken() {
        for seed in 0..<1_000 {
            var random = SplitMix64(seed: UInt64(seed) &+ 9_000_000)
            var fleet = TinyFleet.withGPUs(&random)
            let first = Demand.gpus(&random)
            let next = Demand.gpus(&random)
            guard let plan = place(first, on: fleet.inventory).plan else { continue }
            var inventory = fleet.inventory
            inventory.take(plan, of: first.unit, during: first.held)
            for group in plan.groups {
                fleet.reservations.append(
                    InventoryReservation(
                        id: Int64(fleet.reservations.count + 1), host: group.host, held: first.held,
                        amounts: first.unit * group.count, devices: group.devices, instances: group.count)
                )
            }
            #expect(place(next, on: inventory) == place(next, on: fleet.inventory), "seed \(seed)")
        }
    }
}

extension TinyFleet {
    /// Two or three sites of one or two hosts, each with up to four devices, on which reservations that fit lie around noon.
    static func withGPUs(_ random: inout SplitMix64) -> TinyFleet {
        var fleet = TinyFleet()
        for index in 0..<(2 + random.below(2)) {
            fleet.add("s\(index)", city: ["1101", "3101", "4401"][index], cores: [])
            for number in 0...random.below(2) {
                let devices = random.below(5)
                fleet.addHost(
                    "s\(index)-g\(number)", at: SiteID(rawValue: Int64(index + 1)),
                    Resources(
                        vcpuMilli: 4_000 + 8_000 * Int64(random.below(2)), memoryMiB: 65_536,
                        gpuModel: devices == 0 ? nil : ["G2", "G3"][random.below(5) / 4], gpuCount: Int64(devices)
                    )
                )
            }
        }
        for _ in 0..<random.below(10) { fleet.reserveDevices(&random) }
        return fleet
    }

    /// Adds a reservation of devices of some host, if it fits on them.
    private mutating func reserveDevices(_ random: inout SplitMix64) {
        let host = hosts[random.below(hosts.count)]
        let start = 8 + random.below(6)
        let held = Window.hours(start..<(start + 1 + random.below(4)))
        guard host.allocatable.gpuCount > 0 else { return }
        let device = random.below(Int(host.allocatable.gpuCount))
        var amounts = Resources.oneCore
        if random.below(3) > 0 {
            amounts.gpuShareMilli = [250, 300, 500, 700][random.below(4)]
        } else {
            amounts.gpuCount = 1
        }
        let wanted = amounts.gpuCount > 0 ? 1_000 : amounts.gpuShareMilli
        let rows = reservations.filter { $0.host == host.id && $0.held.overlaps(held) && $0.devices == [device] }
        let fits = ([held.start] + rows.map(\.held.start)).allSatisfy { instant in
            rows.filter { $0.held.contains(instant) }.reduce(wanted) { sum, row in
                sum + (row.amounts.gpuCount > 0 ? 1_000 : row.amounts.gpuShareMilli)
            } <= 1_000
        }
        guard fits else { return }
        reservations.append(
            InventoryReservation(
                id: Int64(reservations.count + 1), host: host.id, held: held, amounts: amounts, devices: [device])
        )
    }

    /// The devices that others are on at some moment of `window`, with the most that is taken of each.
    fileprivate func begunDevices(of host: HostID, during window: Window) -> [Int: Int64] {
        let rows = reservations.filter { $0.host == host && $0.held.overlaps(window) }
        var begun: [Int: Int64] = [:]
        for instant in [window.start] + rows.map(\.held.start).filter({ window.contains($0) }) {
            var taken: [Int: Int64] = [:]
            for row in rows where row.held.contains(instant) {
                taken[row.devices[0], default: 0] += row.amounts.gpuCount > 0 ? 1_000 : row.amounts.gpuShareMilli
            }
            for (device, milli) in taken { begun[device] = max(begun[device, default: 0], milli) }
        }
        return begun
    }
}

extension Demand {
    /// Up to six instances around noon, each with shares or with one to three whole devices.
    fileprivate static func gpus(_ random: inout SplitMix64) -> Demand {
        var unit = Resources(vcpuMilli: 500, memoryMiB: 1_024, gpuModel: "G2")
        if random.below(3) > 0 {
            unit.gpuShareMilli = [100, 300, 334, 500, 600, 999][random.below(6)]
        } else {
            unit.gpuCount = Int64(1 + random.below(3))
        }
        let count = 1 + random.below(6)
        let start = 9 + random.below(4)
        return Demand(
            count: count, leastAcceptable: random.below(2) == 0 ? count : 1, unit: unit,
            held: .hours(start..<(start + 1 + random.below(3)))
        )
    }
}
