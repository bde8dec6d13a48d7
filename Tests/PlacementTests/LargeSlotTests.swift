import CapacityModel
import Placement
import Testing

@Suite("Large slots, of 32C96G each")
struct LargeSlotTests {
    static let large = Resources(vcpuMilli: 32_000, memoryMiB: 96 * 1_024)

    @Test("small instances go where no large one could stand any more")
    func besideSlots() throws {
        var fleet = TinyFleet()
        fleet.add("a", cores: [32, 40])
        fleet.add("b", cores: [104])
        #expect(place(.cores(8), on: fleet.inventory).plan?.hosts(in: fleet) == ["a-h2": 8])
        #expect(place(.cores(16), on: fleet.inventory).plan?.hosts(in: fleet) == ["a-h2": 8, "b-h1": 8])
    }

    @Test("a slot that must go is the one that is gone anyway for most of the window")
    func goneAnyway() throws {
        var fleet = TinyFleet()
        fleet.add("s", cores: [32, 32, 32])
        fleet.reserve("s-h2", hours: 0..<14, cores: 30)
        fleet.reserve("s-h3", hours: 0..<18, cores: 20)
        #expect(place(.cores(4, hours: 10..<14), on: fleet.inventory).plan?.hosts(in: fleet) == ["s-h3": 4])
        #expect(place(.cores(2, hours: 10..<14), on: fleet.inventory).plan?.hosts(in: fleet) == ["s-h2": 2])
        #expect(place(.cores(12, hours: 10..<20), on: fleet.inventory).plan?.hosts(in: fleet) == ["s-h3": 12])
        // Twelve beside the others would cost two hours, and the rest of them the ten that all cost together.
        #expect(place(.cores(32, hours: 10..<20), on: fleet.inventory).plan?.hosts(in: fleet) == ["s-h1": 32])
    }

    @Test("groups are opened where that costs no slot")
    func opening() throws {
        var fleet = TinyFleet()
        fleet.add("a", city: "1101", cores: [32])
        fleet.add("b", city: "3101", cores: [64])
        fleet.add("c", city: "4401", cores: [66])
        fleet.add("d", city: "5101", cores: [70])
        let rule = SpreadRule(level: .province, minGroups: 2)
        let plan = try #require(place(.cores(2, spread: [rule]), on: fleet.inventory).plan)
        #expect(plan.hosts(in: fleet) == ["c-h1": 1, "d-h1": 1])
    }

    @Test("a 32C96G still fits after a week of 1C2G that come and go")
    func week() {
        var fleet = TinyFleet()
        fleet.add("s", cores: [Int](repeating: 40, count: 30))
        var random = SplitMix64(seed: 7)
        for hour in 0..<168 {
            let count = 1 + random.below(24)
            let demand = Demand.cores(count, hours: hour..<(hour + 1 + random.below(24)))
            guard let plan = place(demand, on: fleet.inventory).plan else { continue }
            for (host, count) in plan.hosts(in: fleet) {
                fleet.reserve(host, hours: hour..<Int(demand.held.end.secondsSinceEpoch / 3_600), cores: count)
            }
        }
        // About 150 cores are taken at a time, which is what is spare beside 30 slots, and less than five of them.
        let free = fleet.slots(of: Self.large, at: .hour(167))
        #expect(free >= 26)
    }

    @Test("where an order has room beside the large slots, none of them is lost at any moment")
    func noneLost() {
        var seen = 0
        for seed in 0..<2_000 {
            var random = SplitMix64(seed: UInt64(seed) &+ 6_000_000)
            let fleet = TinyFleet(slotted: &random)
            let unit = Resources.oneCore * (1 + random.below(8))
            let demand = Demand(count: 1 + random.below(12), unit: unit, held: .hours(10..<(11 + random.below(8))))
            guard fleet.roomBesideSlots(Self.large, for: demand) >= demand.count else { continue }
            seen += 1
            #expect(fleet.slotHoursLost(Self.large, to: demand) == 0, "seed \(seed)")
        }
        #expect(seen > 500)
    }

    @Test("an order that fits on one host of a site costs there the fewest hours of large slots")
    func fewestHours() throws {
        for seed in 0..<2_000 {
            var random = SplitMix64(seed: UInt64(seed) &+ 7_000_000)
            var fleet = TinyFleet(slotted: &random)
            let site = fleet.sites[0]
            fleet.hosts.removeAll { $0.site != site.id }
            let unit = Resources.oneCore * (1 + random.below(8))
            let demand = Demand(count: 1, unit: unit, held: .hours(10..<(11 + random.below(8))))
            let least = fleet.hosts.compactMap { host in fleet.slotHoursLost(Self.large, to: demand, on: host.id) }
                .min()
            #expect(fleet.slotHoursLost(Self.large, to: demand) == least, "seed \(seed)")
        }
    }
}

extension TinyFleet {
    /// Up to three sites of hosts with room for none to three large slots, some of it taken for some hours.
    init(slotted random: inout SplitMix64) {
        for index in 0..<(1 + random.below(3)) {
            let cores = (0..<(1 + random.below(4))).map { _ in [16, 32, 36, 40, 64, 72, 104][random.below(7)] }
            add("s\(index)", cores: cores)
        }
        for host in hosts {
            for _ in 0..<random.below(3) {
                let start = 6 + random.below(10)
                reserve(host.name, hours: start..<(start + 1 + random.below(10)), cores: 1 + random.below(8))
            }
        }
    }

    /// How often `unit` fits on each host at an instant, from the rows alone.
    func slots(of unit: Resources, at instant: Instant, with more: [HostID: Resources] = [:]) -> Int {
        hosts.reduce(0) { $0 + slots(of: unit, on: $1, at: instant, with: more[$1.id] ?? .zero) }
    }

    private func slots(of unit: Resources, on host: Host, at instant: Instant, with more: Resources) -> Int {
        left(on: host, at: instant, with: more).fits(unit)
    }

    private func left(on host: Host, at instant: Instant, with more: Resources = .zero) -> Resources {
        var left = host.allocatable
        left -= more
        for row in reservations where row.host == host.id && row.held.contains(instant) { left -= row.amounts }
        return left
    }

    /// Trying every host and every hour.
    fileprivate func roomBesideSlots(_ large: Resources, for demand: Demand) -> Int {
        hosts.reduce(0) { sum, host in
            var count = 0
            while slotHoursLost(large, to: demand, count: count + 1, on: host) == 0 { count += 1 }
            return sum + count
        }
    }

    /// By the hours: what the planner's own plan costs.
    fileprivate func slotHoursLost(_ large: Resources, to demand: Demand) -> Int? {
        guard let plan = place(demand, on: inventory).plan else { return nil }
        return plan.groups.reduce(0) { sum, group in
            guard let host = hosts.first(where: { $0.id == group.host }) else { return sum }
            return sum + (slotHoursLost(large, to: demand, count: group.count, on: host) ?? 0)
        }
    }

    fileprivate func slotHoursLost(_ large: Resources, to demand: Demand, on id: HostID) -> Int? {
        hosts.first { $0.id == id }.flatMap { slotHoursLost(large, to: demand, count: demand.count, on: $0) }
    }

    /// `nil` where so many do not fit.
    func slotHoursLost(_ large: Resources, to demand: Demand, count: Int, on host: Host) -> Int? {
        let asked = demand.unit * count
        var lost = 0
        var hour = demand.held.start
        while hour < demand.held.end {
            let left = left(on: host, at: hour)
            guard left.fits(asked) > 0 else { return nil }
            lost += left.fits(large) - slots(of: large, on: host, at: hour, with: asked)
            hour = hour + .seconds(3_600)
        }
        return lost
    }
}
