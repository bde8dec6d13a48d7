import CapacityModel
import Placement

/// Finds the most instances that fit by trying every way to share them out over the sites of a tiny fleet, or over its
/// hosts where a rule is about hosts.
struct PlacementOracle {
    let count: Int
    /// How many each place can take.
    let room: [Int]
    private let rules: [Rule]

    private struct Rule {
        /// The group of each place.
        var groups: [Int]
        /// For each group: the instances there already.
        var existing: [Int]
        var limit: Int
        var minGroups: Int
        var maxSkew: Int
    }

    /// - Parameter isByHost: Whether places are hosts; where it is not said, where a rule is about hosts.
    init(_ demand: Demand, rules: [SpreadRule], fleet: TinyFleet, isByHost: Bool? = nil) {
        count = demand.count
        let hosts = fleet.hosts.compactMap { host in fleet.site(of: host.id).map { (host: host, site: $0) } }
        let rooms = hosts.map { host, site in
            demand.scope.admits(site) && !demand.avoiding.contains(host.id) ? Self.room(on: host, demand, fleet) : 0
        }
        // The places: each host by itself, or together with the others of its site.
        let isByHost = isByHost ?? rules.contains { $0.level == .host }
        let bySite = fleet.sites.map { site in hosts.indices.filter { hosts[$0].site.id == site.id } }
        let places = isByHost ? hosts.indices.map { [$0] } : bySite.filter { !$0.isEmpty }
        room = places.map { $0.reduce(0) { $0 + rooms[$1] } }
        self.rules = rules.map { rule in
            let names = hosts.map { rule.level.group(of: $0.site, host: $0.host) }
            let distinct = Array(Set(names))
            let numbers = names.map { distinct.firstIndex(of: $0) ?? 0 }
            var existing = [Int](repeating: 0, count: distinct.count)
            for (index, host) in hosts.enumerated() {
                existing[numbers[index]] += demand.existing[host.host.id] ?? 0
            }
            return Rule(
                groups: places.map { numbers[$0[0]] }, existing: existing,
                limit: rule.limit(for: demand.shareBase) ?? .max, minGroups: rule.minGroups ?? 0,
                maxSkew: rule.maxSkew ?? .max
            )
        }
    }

    /// The most there can be, or `nil` where not even zero more keeps the rules.
    var most: Int? {
        var most: Int?
        var taken = [Int](repeating: 0, count: room.count)
        func choose(_ place: Int, rest: Int) {
            if most == count { return }
            guard place < room.count else {
                if count - rest > most ?? -1, holds(taken) { most = count - rest }
                return
            }
            for amount in 0...min(rest, room[place]) {
                taken[place] = amount
                choose(place + 1, rest: rest - amount)
            }
            taken[place] = 0
        }
        choose(0, rest: count)
        return most
    }

    /// The least that the most there can be cost, where one at each place costs so much.
    func leastCost(_ costs: [Int]) -> Int? {
        guard let most else { return nil }
        var least: Int?
        var taken = [Int](repeating: 0, count: room.count)
        func choose(_ place: Int, rest: Int, cost: Int) {
            guard place < room.count else {
                if rest == 0, cost < least ?? .max, holds(taken) { least = cost }
                return
            }
            for amount in 0...min(rest, room[place]) {
                taken[place] = amount
                choose(place + 1, rest: rest - amount, cost: cost + amount * costs[place])
            }
            taken[place] = 0
        }
        choose(0, rest: most, cost: 0)
        return least
    }

    func holds(_ taken: [Int]) -> Bool {
        rules.allSatisfy { rule in
            var sums = rule.existing
            var grew = [Bool](repeating: false, count: sums.count)
            for (place, amount) in taken.enumerated() where amount > 0 {
                sums[rule.groups[place]] += amount
                grew[rule.groups[place]] = true
            }
            let fewest = sums.filter { $0 > 0 }.min() ?? 0
            let limit = rule.maxSkew == .max ? rule.limit : min(rule.limit, fewest + rule.maxSkew)
            return sums.count { $0 > 0 } >= rule.minGroups && !zip(sums, grew).contains { $0 > limit && $1 }
        }
    }

    /// Adds instances until some moment of the window is full.
    private static func room(on host: Host, _ demand: Demand, _ fleet: TinyFleet) -> Int {
        let rows = fleet.reservations.filter { $0.host == host.id && $0.held.overlaps(demand.held) }
        let instants = [demand.held.start] + rows.map(\.held.start).filter { demand.held.contains($0) }
        let frees = instants.map { instant in
            var free = host.allocatable
            for row in rows where row.held.contains(instant) { free -= row.amounts }
            return free.fits(demand.unit)
        }
        let room = frees.min() ?? 0
        return demand.unit.gpuUse == nil ? room : min(room, devices(on: host, demand, rows, instants, atMost: room))
    }

    /// The most instances for which devices can be found, by trying every set of devices for each.
    private static func devices(
        on host: Host, _ demand: Demand, _ rows: [InventoryReservation], _ instants: [Instant], atMost limit: Int
    ) -> Int {
        let count = Int(host.allocatable.gpuCount)
        let share = demand.unit.gpuShareMilli
        // For each instant, what is left of each device.
        var left = instants.map { instant in
            var left = [Int64](repeating: 1_000, count: count)
            for row in rows where row.held.contains(instant) {
                for device in row.devices {
                    left[device] -= row.amounts.gpuShareMilli > 0 ? row.amounts.gpuShareMilli : 1_000
                }
            }
            return left
        }
        let sets = (0..<(1 << count)).filter { set in
            (0..<count).count { set & 1 << $0 != 0 } == (share > 0 ? 1 : Int(demand.unit.gpuCount))
        }
        var most = 0
        func choose(_ placed: Int, from first: Int) {
            most = max(most, placed)
            guard placed < limit else { return }
            for (position, set) in sets.enumerated().dropFirst(first) {
                let devices = (0..<count).filter { set & 1 << $0 != 0 }
                let milli = share > 0 ? share : 1_000
                guard left.allSatisfy({ left in devices.allSatisfy { left[$0] >= milli } }) else { continue }
                for index in left.indices { for device in devices { left[index][device] -= milli } }
                choose(placed + 1, from: position)
                for index in left.indices { for device in devices { left[index][device] += milli } }
            }
        }
        choose(0, from: 0)
        return most
    }
}
