import CapacityModel
import Placement

/// Finds the most instances that fit by trying every way to share them out over the sites of a tiny fleet.
struct PlacementOracle {
    private let count: Int
    private let room: [Int]
    /// For each rule: the group of each site, the limit, the instances there already, the groups needed.
    private let rules: [Rule]

    private struct Rule {
        var groups: [Int]
        var existing: [Int]
        var limit: Int
        var minGroups: Int
    }

    init(_ demand: Demand, rules: [SpreadRule], fleet: TinyFleet) {
        count = demand.count
        room = fleet.sites.map { site in
            guard demand.scope.admits(site) else { return 0 }
            let hosts = fleet.hosts.filter { $0.site == site.id && !demand.avoiding.contains($0.id) }
            return hosts.reduce(0) { $0 + Self.room(on: $1, demand, fleet) }
        }
        self.rules = rules.map { rule in
            let names = fleet.sites.map { rule.level.group(of: $0) }
            let distinct = Array(Set(names))
            var existing = [Int](repeating: 0, count: distinct.count)
            for (host, count) in demand.existing {
                guard let site = fleet.site(of: host) else { continue }
                if let group = distinct.firstIndex(of: rule.level.group(of: site)) { existing[group] += count }
            }
            return Rule(
                groups: names.compactMap { distinct.firstIndex(of: $0) },
                existing: existing,
                limit: rule.limit(for: demand.shareBase) ?? .max,
                minGroups: rule.minGroups ?? 0
            )
        }
    }

    /// The most there can be, or `nil` where not even zero more keeps the rules.
    var most: Int? {
        var most: Int?
        var taken = [Int](repeating: 0, count: room.count)
        func choose(_ site: Int, rest: Int) {
            guard site < room.count else {
                if count - rest > most ?? -1, holds(taken) { most = count - rest }
                return
            }
            for amount in 0...min(rest, room[site]) {
                taken[site] = amount
                choose(site + 1, rest: rest - amount)
            }
            taken[site] = 0
        }
        choose(0, rest: count)
        return most
    }

    private func holds(_ taken: [Int]) -> Bool {
        rules.allSatisfy { rule in
            var sums = rule.existing
            var grew = [Bool](repeating: false, count: sums.count)
            for (site, amount) in taken.enumerated() where amount > 0 {
                sums[rule.groups[site]] += amount
                grew[rule.groups[site]] = true
            }
            return sums.count { $0 > 0 } >= rule.minGroups && !zip(sums, grew).contains { $0 > rule.limit && $1 }
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
