import CapacityModel
import Placement
import Testing

@Suite("Placement on GPUs")
struct DeviceTests {
    private static let host = HostID(rawValue: 1)

    /// One site of one host with `devices` of model G2, and these reservations on them.
    private func fleet(
        _ devices: Int64, _ rows: (device: Int, hours: Range<Int>, milli: Int64)...
    ) -> TinyFleet {
        var fleet = TinyFleet()
        fleet.add("s", cores: [])
        let has = Resources(vcpuMilli: 64_000, memoryMiB: 262_144, gpuModel: "G2", gpuCount: devices)
        fleet.addHost("s-h1", at: SiteID(rawValue: 1), has)
        for row in rows {
            var amounts = Resources.oneCore
            if row.milli == 1_000 { amounts.gpuCount = 1 } else { amounts.gpuShareMilli = row.milli }
            fleet.reservations.append(
                InventoryReservation(
                    id: Int64(fleet.reservations.count), host: Self.host, held: .hours(row.hours), amounts: amounts,
                    devices: [row.device])
            )
        }
        return fleet
    }

    private func demand(_ count: Int, share: Int64 = 0, whole: Int64 = 0, model: String = "G2") -> Demand {
        let unit = Resources(
            vcpuMilli: 1_000, memoryMiB: 1_024, gpuModel: model, gpuCount: whole, gpuShareMilli: share)
        return Demand(count: count, unit: unit, held: .hours(10..<12))
    }

    private func devices(_ demand: Demand, on fleet: TinyFleet) -> [[Int]: Int]? {
        place(demand, on: fleet.inventory).plan.map { plan in
            Dictionary(plan.groups.map { ($0.devices, $0.count) }, uniquingKeysWith: +)
        }
    }

    @Test("two halves share one device, two times 0.6 need two")
    func halves() {
        #expect(devices(demand(2, share: 500), on: fleet(1)) == [[0]: 2])
        #expect(devices(demand(3, share: 500), on: fleet(1)) == nil)
        #expect(devices(demand(3, share: 500), on: fleet(2)) == [[0]: 2, [1]: 1])
        #expect(devices(demand(2, share: 600), on: fleet(1)) == nil)
        #expect(devices(demand(2, share: 600), on: fleet(2)) == [[0]: 1, [1]: 1])
        #expect(devices(demand(1, share: 500, model: "G3"), on: fleet(2)) == nil)
    }

    @Test("a share goes to the fullest device that has room, and leaves the whole ones whole")
    func fullest() {
        let fleet = fleet(4, (1, 9..<13, 300), (2, 11..<13, 600), (3, 9..<13, 800))
        #expect(devices(demand(1, share: 200), on: fleet) == [[3]: 1])
        #expect(devices(demand(1, share: 400), on: fleet) == [[2]: 1])
        #expect(devices(demand(1, share: 500), on: fleet) == [[1]: 1])
        #expect(devices(demand(1, share: 900), on: fleet) == [[0]: 1])
    }

    @Test("a whole device needs one on which nothing is taken at any moment of the window")
    func whole() {
        let fleet = fleet(3, (0, 11..<13, 100), (2, 8..<10, 1_000))
        #expect(devices(demand(2, whole: 1), on: fleet) == [[1]: 1, [2]: 1])
        #expect(devices(demand(1, whole: 2), on: fleet) == [[1, 2]: 1])
        #expect(devices(demand(1, whole: 3), on: fleet) == nil)
    }

    @Test("a refusal says when free GPUs are in pieces that are too small, and is silent where they are not")
    func fragmented() {
        func detail(_ demand: Demand, _ fleet: TinyFleet) -> String? {
            guard case .short(let shortage) = place(demand, on: fleet.inventory) else { return nil }
            return shortage.gap.first { $0.bound == .capacity }?.detail
        }
        let halves = fleet(2, (0, 9..<13, 600), (1, 9..<13, 600))
        let why = detail(demand(1, share: 500), halves)
        #expect(why?.contains("fragmented: the 0.8 of them free in sum would do for 1") == true, "\(why ?? "")")
        #expect(why?.contains("any one device alone does for 0.") == true)
        #expect(detail(demand(3, share: 500), fleet(1))?.contains("fragmented") == false)

        var hosts = fleet(1)
        let one = Resources(vcpuMilli: 64_000, memoryMiB: 262_144, gpuModel: "G2", gpuCount: 2)
        hosts.addHost("s-h2", at: SiteID(rawValue: 1), one)
        hosts.reservations.append(
            InventoryReservation(
                id: 9, host: HostID(rawValue: 2), held: .hours(9..<13),
                amounts: Resources(vcpuMilli: 1_000, memoryMiB: 1, gpuModel: "G2", gpuCount: 1), devices: [0]))
        let whole = detail(demand(1, whole: 2), hosts)
        #expect(whole?.contains("the 2 whole ones free in sum would do for 1") == true, "\(whole ?? "")")
        #expect(whole?.contains("any one host alone does for 0.") == true)
    }

    @Test("of free devices the one with the least time to spare around the window is taken")
    func slack() {
        let fleet = fleet(4, (1, 8..<10, 1_000), (2, 8..<10, 1_000), (2, 13..<14, 500), (3, 12..<14, 1_000))
        #expect(devices(demand(1, whole: 1), on: fleet) == [[2]: 1])
        #expect(devices(demand(2, whole: 1), on: fleet) == [[1]: 1, [2]: 1])
        #expect(devices(demand(3, whole: 1), on: fleet) == [[1]: 1, [2]: 1, [3]: 1])
    }

    @Test("shares of a site go to devices in use on whichever host, before a device is begun")
    func hosts() throws {
        var fleet = fleet(4, (0, 9..<13, 500), (1, 9..<13, 500))
        let has = Resources(vcpuMilli: 64_000, memoryMiB: 262_144, gpuModel: "G2", gpuCount: 1)
        fleet.addHost("s-h2", at: SiteID(rawValue: 1), has)
        let two = try #require(place(demand(2, share: 500), on: fleet.inventory).plan)
        #expect(two.hosts(in: fleet) == ["s-h1": 2])
        let three = try #require(place(demand(3, share: 500), on: fleet.inventory).plan)
        // The third begins a device, which fragments as much on either host, and on the second costs a large slot as well.
        #expect(three.hosts(in: fleet) == ["s-h1": 3])
    }

    @Test("a refusal of shares offers the moment a device has room again, also where another row takes its amounts")
    func later() throws {
        // At 14 o'clock one share ends and another of as many cores begins: only the device tells.
        let fleet = fleet(2, (0, 9..<14, 600), (1, 9..<20, 600), (1, 14..<20, 300))
        let demand = demand(1, share: 500)
        let shortage = try #require(place(demand, on: fleet.inventory).shortage)
        #expect(shortage.gap.map(\.bound) == [.capacity])
        let proposals = counterProposals(for: demand, on: fleet.inventory, notLaterThan: .hour(30))
        #expect(proposals.contains(.later(start: .hour(14))))
    }

    @Test("a model that no host in scope has is named, and so are more devices than any host has")
    func tooMuch() throws {
        let fleet = fleet(2)
        let model = try #require(place(demand(1, share: 500, model: "G9"), on: fleet.inventory).shortage)
        #expect(model.excess.map(\.part) == [.gpuModel])
        let count = try #require(place(demand(1, whole: 3), on: fleet.inventory).shortage)
        #expect(count.excess.map(\.part) == [.gpuCount])
    }
}
