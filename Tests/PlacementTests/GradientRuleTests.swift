import CapacityModel
import Testing

@testable import Placement

/// What decides where the gradient leaves a choice, and how much work it may be: each rule by itself.
@Suite("The rules of the fragmentation gradient")
struct GradientRuleTests {
    private static func share(_ milli: Int64) -> Demand {
        let unit = Resources(vcpuMilli: 10, memoryMiB: 1, gpuModel: "G2", gpuShareMilli: milli)
        return Demand(count: 1, unit: unit, held: .hours(10..<11))
    }

    /// So many shares on one device, all day.
    private static func row(
        _ id: Int64, host: Int64, device: Int, _ milli: Int64, _ instances: Int = 1
    ) -> InventoryReservation {
        let amounts = Resources(
            vcpuMilli: 0, memoryMiB: 0, gpuModel: "G2", gpuShareMilli: milli * Int64(instances))
        return InventoryReservation(
            id: id, host: HostID(rawValue: host), held: .hours(9..<13), amounts: amounts, devices: [device],
            instances: instances)
    }

    /// One site with a host for each of these numbers of GPUs.
    private static func fleet(_ gpus: Int64...) -> TinyFleet {
        var fleet = TinyFleet()
        fleet.add("s", cores: [])
        for count in gpus {
            let has = Resources(vcpuMilli: 24_000, memoryMiB: 65_536, gpuModel: "G2", gpuCount: count)
            fleet.addHost("s-g\(fleet.hosts.count + 1)", at: SiteID(rawValue: 1), has)
        }
        return fleet
    }

    @Test("sixty-four kinds are looked at, those that take the most GPUs")
    func kinds() throws {
        func device(besideKinds count: Int) throws -> Int? {
            var fleet = Self.fleet(2, 64)
            // 500 free on device 0 are of use to halves, and are not once 200 go; 700 on device 1 are either way.
            fleet.reservations = [Self.row(1, host: 1, device: 0, 500), Self.row(2, host: 1, device: 1, 300)]
            for kind in 0..<count {
                let amounts = Resources(
                    vcpuMilli: Int64(1 + kind), memoryMiB: 0, gpuModel: "G2", gpuCount: 1)
                fleet.reservations.append(
                    InventoryReservation(
                        id: Int64(3 + kind), host: HostID(rawValue: 2), held: .hours(9..<13), amounts: amounts,
                        devices: [kind]))
            }
            return try #require(place(Self.share(200), on: fleet.inventory).plan).groups[0].devices.first
        }
        #expect(try device(besideKinds: 63) == 1)
        #expect(try device(besideKinds: 64) == 0, "halves are the sixty-fifth: of equals the fuller device")
    }

    @Test("of devices that are equal to the mix the fullest is taken, on whichever host")
    func fullestDevice() throws {
        var fleet = Self.fleet(1, 2)
        fleet.reservations = [Self.row(1, host: 1, device: 0, 100, 3), Self.row(2, host: 2, device: 1, 100, 5)]
        // Fewer fit on the first host, which has no other device.
        #expect(try #require(place(Self.share(100), on: fleet.inventory).plan).hosts(in: fleet) == ["s-g2": 1])
    }

    @Test("of devices as full as each other that of the host on which fewer fit is taken")
    func fullestHost() throws {
        var fleet = Self.fleet(2, 1)
        fleet.reservations = [Self.row(1, host: 1, device: 0, 100, 5), Self.row(2, host: 2, device: 0, 100, 5)]
        #expect(try #require(place(Self.share(100), on: fleet.inventory).plan).hosts(in: fleet) == ["s-g2": 1])
    }

    @Test("a device is of no use to a kind whose memory its host lacks: where that would be lost, another is taken")
    func memory() throws {
        var fleet = Self.fleet(1, 1, 1)
        let wants = Resources(vcpuMilli: 10, memoryMiB: 40_000, gpuModel: "G2", gpuShareMilli: 100)
        let amounts = Resources(vcpuMilli: 0, memoryMiB: 20_000)
        fleet.reservations = [
            Self.row(1, host: 1, device: 0, 100), Self.row(2, host: 2, device: 0, 100),
            InventoryReservation(
                id: 3, host: HostID(rawValue: 3), held: .hours(9..<13), amounts: wants, devices: [0]),
            Self.row(5, host: 3, device: 0, 100, 9),
            InventoryReservation(id: 4, host: HostID(rawValue: 1), held: .hours(9..<13), amounts: amounts),
        ]
        var demand = Self.share(100)
        demand.unit.memoryMiB = 10_000
        // Of two alike the first host has less left, and would be taken; but then nothing of 40,000 MiB fits beside its device.
        demand.scope.include = [Scope.Selector(site: "s")]
        let plan = try #require(place(demand, on: fleet.inventory).plan)
        #expect(plan.hosts(in: fleet) == ["s-g2": 1])
    }

    @Test("what has left the ledger has left the mix, and nothing is kept for a model that no row has")
    func gone() throws {
        var fleet = TinyFleet()
        fleet.add("s", cores: [24])
        for (number, model) in ["G2", "G3"].enumerated() {
            let has = Resources(vcpuMilli: 16_000, memoryMiB: 65_536, gpuModel: model, gpuCount: 2)
            fleet.addHost("s-g\(number + 1)", at: SiteID(rawValue: 1), has)
        }
        let row = Resources(vcpuMilli: 8_000, memoryMiB: 8_192, gpuModel: "G2", gpuCount: 1)
        fleet.reservations = [
            InventoryReservation(
                id: 1, host: HostID(rawValue: 2), held: .hours(9..<13), amounts: row, devices: [0])
        ]
        var inventory = fleet.inventory
        func hosts() throws -> [String: Int] {
            try #require(place(.cores(4), on: inventory).plan).hosts(in: fleet)
        }
        #expect(try hosts() == ["s-g2": 4], "its model is G3")
        inventory.replaceCalendar(of: HostID(rawValue: 2), with: [], closures: [])
        #expect(try hosts() == ["s-g1": 4], "as on an empty ledger")
    }

    @Test("instances without GPUs leave free GPUs the memory that others take with one, where vCPU is plenty")
    func keptMemory() throws {
        var fleet = TinyFleet()
        fleet.add("s", cores: [24])
        for number in 1...2 {
            let has = Resources(vcpuMilli: 16_000, memoryMiB: 65_536, gpuModel: "G2", gpuCount: 2)
            fleet.addHost("s-g\(number)", at: SiteID(rawValue: 1), has)
        }
        let demand = Demand.cores(4)
        #expect(try #require(place(demand, on: fleet.inventory).plan).hosts(in: fleet) == ["s-g1": 4])
        let row = Resources(vcpuMilli: 100, memoryMiB: 32_768, gpuModel: "G2", gpuCount: 1)
        fleet.reservations.append(
            InventoryReservation(
                id: 1, host: HostID(rawValue: 2), held: .hours(9..<13), amounts: row, devices: [0]))
        #expect(try #require(place(demand, on: fleet.inventory).plan).hosts(in: fleet) == ["s-h1": 4])
    }

    @Test(
        "an order of shares takes 4,096 steps, beside those that fill their device: of larger ones several go to a device at a time",
        arguments: [1, 4_096, 4_097, 10_240, 1_000_000])
    func steps(count: Int) throws {
        var demand = Self.share(100)
        demand.count = count
        let chunk = try #require(FragmentationGradient(for: demand, on: Self.fleet(1).inventory)).chunk
        #expect((count + chunk - 1) / chunk <= 4_096)
        #expect(chunk == 1 || count > 4_096, "each by itself where that is no more")
    }
}
