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
        return frees.min() ?? 0
    }
}
