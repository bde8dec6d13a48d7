import CapacityModel
import Placement
import Testing

@Suite("Placement on GPUs, by the fragmentation gradient")
struct FragmentationTests {
    @Test("an instance stands where no other place leaves less of use to what is reserved")
    func gradient() {
        var choices = 0
        for seed in 0..<2_000 {
            var random = SplitMix64(seed: UInt64(seed) &+ 11_000_000)
            let fleet = TinyFleet.withGPUs(&random)
            var unit = Resources(vcpuMilli: 500 * Int64(1 + random.below(8)), memoryMiB: 1_024, gpuModel: "G2")
            if random.below(3) > 0 {
                unit.gpuShareMilli = [100, 250, 300, 500, 700][random.below(5)]
            } else {
                unit.gpuCount = Int64(1 + random.below(2))
            }
            let demand = Demand(count: 1, unit: unit, held: .hours(10..<13))
            guard let group = place(demand, on: fleet.inventory).plan?.groups.first else { continue }
            let checker = FragmentationChecker(fleet: fleet, demand: demand)
            let all = checker.choices
            let chosen = all.first { $0.host == group.host && $0.free == checker.free(group) }
            // Devices in use come before all others, wherever they are.
            let begins = all.contains { $0.free < 1_000 } ? false : true
            let least = all.filter { ($0.free == 1_000) == begins }.map(\.growth).min()
            #expect(chosen?.growth == least && chosen.map { ($0.free == 1_000) == begins } == true, "seed \(seed)")
            choices += Set(all.map(\.growth)).count > 1 ? 1 : 0
        }
        #expect(choices > 300)
    }

    @Test("instances without GPUs leave free GPUs the vCPU that others take with one, if others have any")
    func kept() throws {
        var fleet = TinyFleet()
        fleet.add("s", cores: [24])
        for _ in 0..<2 {
            fleet.addHost(
                "s-g\(fleet.hosts.count)", at: SiteID(rawValue: 1),
                Resources(vcpuMilli: 16_000, memoryMiB: 65_536, gpuModel: "G2", gpuCount: 2))
        }
        let demand = Demand.cores(4)
        #expect(try #require(place(demand, on: fleet.inventory).plan).hosts(in: fleet) == ["s-g1": 4])
        // Eight cores with each device: what is free on the first host is spoken for by its other one, and the second by both.
        let row = Resources(vcpuMilli: 8_000, memoryMiB: 8_192, gpuModel: "G2", gpuCount: 1)
        fleet.reservations.append(
            InventoryReservation(
                id: 1, host: HostID(rawValue: 2), held: .hours(9..<13), amounts: row, devices: [0]))
        #expect(try #require(place(demand, on: fleet.inventory).plan).hosts(in: fleet) == ["s-h1": 4])
        // It is a preference: whoever asks for all gets all.
        #expect(try #require(place(.cores(48), on: fleet.inventory).plan).count == 48)
    }

    /// Two halves on a device are another mix than five fifths with the same sum.
    @Test("rows count by what each of their instances asks for")
    func instances() throws {
        func device(_ instances: Int) throws -> Int? {
            var fleet = TinyFleet()
            fleet.add("s", cores: [])
            let has = Resources(vcpuMilli: 64_000, memoryMiB: 65_536, gpuModel: "G2", gpuCount: 8)
            fleet.addHost("s-g", at: SiteID(rawValue: 1), has)
            func row(_ device: Int, _ milli: Int64, _ count: Int) -> InventoryReservation {
                let amounts = Resources(vcpuMilli: 0, memoryMiB: 0, gpuModel: "G2", gpuShareMilli: milli)
                return InventoryReservation(
                    id: Int64(device), host: HostID(rawValue: 1), held: .hours(9..<13), amounts: amounts,
                    devices: [device], instances: count)
            }
            fleet.reservations = [row(0, 500, 5), row(1, 300, 3)] + (2..<7).map { row($0, 1_000, instances) }
            let unit = Resources(vcpuMilli: 100, memoryMiB: 64, gpuModel: "G2", gpuShareMilli: 200)
            let demand = Demand(count: 1, unit: unit, held: .hours(10..<11))
            return try #require(place(demand, on: fleet.inventory).plan).groups[0].devices.first
        }
        // Half of device 0 is of use to halves, and the 700 of device 1 still is without 200; to fifths both stay, so the fuller.
        #expect(try device(2) == 1)
        #expect(try device(5) == 0)
    }
}

/// Every place of one instance and what it costs, from the raw rows: shares no code with the planner.
private struct FragmentationChecker {
    let fleet: TinyFleet
    let demand: Demand

    typealias Choice = (host: HostID, free: Int64, growth: Int64)
    private struct State {
        var vcpuMilli: Int64
        var memoryMiB: Int64
        var free: [Int64]
        var model: String?
    }

    var choices: [Choice] {
        fleet.hosts.flatMap { host -> [Choice] in
            let state = state(of: host)
            guard host.allocatable.gpuModel == demand.unit.gpuModel, state.vcpuMilli >= demand.unit.vcpuMilli,
                state.memoryMiB >= demand.unit.memoryMiB
            else { return [] }
            let milli = demand.unit.gpuShareMilli > 0 ? demand.unit.gpuShareMilli : 1_000
            let able = state.free.indices.filter { state.free[$0] >= milli }
            let sets =
                demand.unit.gpuCount > 0
                ? (able.count >= demand.unit.gpuCount ? [Array(able.prefix(Int(demand.unit.gpuCount)))] : [])
                : able.map { [$0] }
            return sets.map { set in
                var after = state
                after.vcpuMilli -= demand.unit.vcpuMilli
                after.memoryMiB -= demand.unit.memoryMiB
                for device in set { after.free[device] -= milli }
                return (host.id, state.free[set[0]], fragment(after) - fragment(state))
            }
        }
    }

    func free(_ group: Plan.Group) -> Int64? {
        fleet.hosts.first { $0.id == group.host }.map { state(of: $0).free[group.devices[0]] }
    }

    private func state(of host: Host) -> State {
        let has = host.allocatable
        var state = State(
            vcpuMilli: has.vcpuMilli, memoryMiB: has.memoryMiB,
            free: [Int64](repeating: 1_000, count: Int(has.gpuCount)), model: has.gpuModel)
        let rows = fleet.reservations.filter { $0.host == host.id && $0.held.overlaps(demand.held) }
        for instant in [demand.held.start] + rows.map(\.held.start).filter({ demand.held.contains($0) }) {
            let now = rows.filter { $0.held.contains(instant) }
            state.vcpuMilli = min(state.vcpuMilli, has.vcpuMilli - now.reduce(0) { $0 + $1.amounts.vcpuMilli })
            state.memoryMiB = min(state.memoryMiB, has.memoryMiB - now.reduce(0) { $0 + $1.amounts.memoryMiB })
            for device in state.free.indices {
                let on = now.filter { $0.devices.contains(device) }
                let taken = on.reduce(0) { $0 + ($1.amounts.gpuShareMilli > 0 ? $1.amounts.gpuShareMilli : 1_000) }
                state.free[device] = min(state.free[device], 1_000 - taken)
            }
        }
        return state
    }

    /// Each row is one instance here; one of the demand stands for those to come.
    private func fragment(_ state: State) -> Int64 {
        let units = fleet.reservations.map(\.amounts) + [demand.unit]
        var worth: [Resources: Int64] = [:]
        for unit in units { worth[unit, default: 0] += unit.gpuShareMilli + 1_000 * unit.gpuCount }
        let sum = worth.values.reduce(0, +)
        let all = state.free.reduce(0, +)
        return worth.reduce(0) { total, entry in
            let (unit, milli) = entry
            let each = unit.gpuShareMilli > 0 ? unit.gpuShareMilli : 1_000
            let fits =
                (unit.gpuModel == nil || unit.gpuModel == state.model) && unit.vcpuMilli <= state.vcpuMilli
                && unit.memoryMiB <= state.memoryMiB && state.free.count { $0 >= each } >= max(1, unit.gpuCount)
            let lost = fits ? state.free.filter { $0 < each }.reduce(0, +) : all
            return total + Int64(Double(milli) / Double(sum) * 1_000_000) * lost
        }
    }
}
