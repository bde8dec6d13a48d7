import CapacityModel
import Placement
import Testing

@Suite("The next start at which it fits")
struct NextStartTests {
    @Test("it is the earliest there is, on any tiny fleet, whichever second things begin and end at")
    func exact() {
        var found = 0
        for seed in 0..<1_500 {
            var random = SplitMix64(seed: UInt64(seed) &+ 6_000_000)
            var fleet = TinyFleet(random: &random)
            fleet.reservations = []
            for host in fleet.hosts {
                for _ in 0..<random.below(4) { fleet.book(host, random: &random) }
            }
            var demand = Demand(random: &random, fleet: fleet, relaxable: true)
            demand.held = .seconds(2 + random.below(8), lasting: 1 + random.below(6))
            let inventory = fleet.inventory
            guard place(demand, on: inventory).plan == nil else { continue }
            let last = 40
            let first = (Int(demand.held.start.secondsSinceEpoch) + 1...last).first { second in
                var later = demand
                later.held = Window(start: Instant(secondsSinceEpoch: Int64(second)), duration: demand.held.duration)
                return place(later, on: inventory).plan != nil
            }
            let expected = first.map { NextStart.at(Instant(secondsSinceEpoch: Int64($0))) } ?? .never
            let answer = nextStart(for: demand, on: inventory, notLaterThan: Instant(secondsSinceEpoch: Int64(last)))
            #expect(answer == expected, "seed \(seed)")
            if first != nil { found += 1 }
        }
        #expect(found > 40)
    }

    @Test("of many ends at which all fit it is the nearest, among thousands as well")
    func nearest() {
        var fleet = TinyFleet()
        fleet.add("s", cores: [2_000])
        for hour in 1...2_000 { fleet.reserve("s-h1", hours: 0..<hour, cores: 1) }
        let inventory = fleet.inventory
        for count in [2, 10, 999, 1_000] {
            let answer = nextStart(for: .cores(count, hours: 1..<2), on: inventory, notLaterThan: .hour(3_000))
            #expect(answer == .at(.hour(count)))
        }
        #expect(nextStart(for: .cores(1_000, hours: 1..<2), on: inventory, notLaterThan: .hour(999)) == .never)
    }

    @Test("room that comes only while the window would meet the next reservation is no room")
    func gaps() {
        var fleet = TinyFleet()
        fleet.add("s", cores: [1])
        for start in stride(from: 0, to: 20, by: 2) { fleet.reserve("s-h1", hours: start..<(start + 1), cores: 1) }
        func answer(_ hours: Range<Int>) -> NextStart {
            nextStart(for: .cores(1, hours: hours), on: fleet.inventory, notLaterThan: .hour(48))
        }
        #expect(answer(0..<1) == .at(.hour(1)))
        #expect(answer(0..<2) == .at(.hour(19)))
    }

    @Test("where the bound on the work is reached it says up to when nothing fits, and nothing wrong")
    func bounded() {
        var fleet = TinyFleet()
        fleet.add("a", carrier: .telecom, cores: [1_000])
        fleet.add("b", carrier: .unicom, cores: [1_000])
        for hour in 1...600 {
            fleet.reserve("a-h1", hours: 0..<hour, cores: 1)
            fleet.reserve("b-h1", hours: 0..<hour, cores: 1)
        }
        // Each level by itself could do it, so that every end has to be looked at; two caps together never allow it.
        let rules = [
            SpreadRule(level: .site, minGroups: 2), SpreadRule(level: .carrier, maxPerGroup: 450),
            SpreadRule(level: .province, maxPerGroup: 900),
        ]
        let demand = Demand.cores(901, hours: 1..<2, spread: rules)
        let answer = nextStart(for: demand, on: fleet.inventory, notLaterThan: .hour(1_000))
        #expect(answer == .never, "caps alone say no, so nothing had to be solved")
    }
}

extension TinyFleet {
    /// One core of `host` for some seconds, which may begin and end between two of them, if there is one free.
    fileprivate mutating func book(_ host: Host, random: inout SplitMix64) {
        let start = Int64(random.below(30)) * 1_000_000 + (random.below(3) == 0 ? 400_000 : 0)
        let end = start + Int64(1 + random.below(12)) * 1_000_000 + (random.below(3) == 0 ? 300_000 : 0)
        let held = Window(start: Instant(microsecondsSinceEpoch: start), end: Instant(microsecondsSinceEpoch: end))
        let row = InventoryReservation(
            id: Int64(reservations.count + 1), host: host.id, held: held, amounts: .oneCore)
        if inventory.free(on: host.id, during: held).fits(.oneCore) > 0 { reservations.append(row) }
    }
}

extension Window {
    fileprivate static func seconds(_ start: Int, lasting seconds: Int) -> Window {
        Window(start: Instant(secondsSinceEpoch: Int64(start)), duration: .seconds(seconds))
    }
}
