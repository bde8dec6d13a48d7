import CapacityModel

/// An upper bound on what a spread problem can place, kept while the room of sites changes.
///
/// Caps of nested groups are summed from the sites up, those of carriers beside; and of each level that needs groups,
/// those that could be opened are counted. A few additions a change, where solving looks at every site.
struct SpreadBound {
    private let caps: [[Int]]
    private let opened: [[Bool]]
    private let needed: [Int]
    /// For each level and group: what its parts could take in all, before its own cap.
    private var sums: [[Int]]
    /// For each level: what its groups could take in all.
    private var totals: [Int]
    /// For each level: how many groups that have none could get one.
    private var openable: [Int]
    private var sites: [Int]

    init(_ problem: SpreadProblem, supply: [Int], on inventory: Inventory) {
        caps = problem.caps
        opened = problem.opened
        needed = problem.needed
        sums = problem.caps.map { [Int](repeating: 0, count: $0.count) }
        totals = problem.caps.map { _ in 0 }
        openable = totals
        sites = [Int](repeating: 0, count: supply.count)
        for (site, room) in supply.enumerated() where room > 0 { set(room, at: site, on: inventory) }
    }

    /// The levels of sites. What hosts are held to, and what has to be alike, only lowers what is possible.
    private static let levels = SpreadRule.Level.positioned.filter { $0 != .host }.map(\.position)
    /// Those that nest, from the site up.
    private static let nested = SpreadRule.Level.nested.filter { $0 != .host }.reversed().map(\.position)

    /// Whether `count` may be possible; `false` is certain.
    func allows(_ count: Int) -> Bool {
        Self.levels.allSatisfy { openable[$0] >= needed[$0] && totals[$0] >= count }
    }

    /// Says that `site` has room for `room` now.
    mutating func set(_ room: Int, at site: Int, on inventory: Inventory) {
        let groups = inventory.rooms[site].groups
        let change = room - sites[site]
        sites[site] = room
        var rising = change
        var atSite = change
        for level in Self.nested {
            rising = add(rising, level: level, group: groups[level])
            if level == SpreadRule.Level.site.position { atSite = rising }
        }
        _ = add(atSite, level: SpreadRule.Level.carrier.position, group: groups[SpreadRule.Level.carrier.position])
    }

    /// Adds to a group; returns by how much what it can take changed.
    private mutating func add(_ change: Int, level: Int, group: Int) -> Int {
        let before = min(sums[level][group], caps[level][group])
        sums[level][group] += change
        let after = min(sums[level][group], caps[level][group])
        totals[level] += after - before
        if !opened[level][group], (before > 0) != (after > 0) { openable[level] += after > 0 ? 1 : -1 }
        return after - before
    }
}
