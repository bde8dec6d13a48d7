import CapacityModel

/// Who may get instances, in the order of preference: sites, those the customer prefers first, and of equals the fullest,
/// so that large holes stay whole; or, where a rule counts hosts, the hosts of those sites, the tightest first.
struct SpreadCandidates: Sendable {
    let areHosts: Bool
    /// In `Inventory.sites` or in `Inventory.hosts`; each has room.
    private(set) var positions: [Int]
    /// Beside `positions`: the room, at most the count asked for.
    private(set) var supply: [Int]
    /// Beside `positions`, at most `supply`: how many are taken of each before more is, in rounds. The last is all of it, and
    /// the only one where a customer has a preference, which comes first.
    private(set) var rounds: [[Int]]
    /// For each level, beside `positions`: the group. Empty for hosts where the candidates are sites.
    private(set) var groups: [[Int]]

    var count: Int { positions.count }
    var indices: Range<Int> { positions.indices }
    /// The positions of the nested levels, the last of which is the candidates' own.
    var nested: [Int] { areHosts ? Self.nestedToHost : Self.nestedToSite }
    var narrowest: Int { (areHosts ? SpreadRule.Level.host : .site).position }

    private static let nestedToHost = SpreadRule.Level.nested.map(\.position)
    private static let nestedToSite = Array(nestedToHost.dropLast())

    /// - Parameter preference: What comes before fullness, if anything does.
    init(
        room: Supply, areHosts: Bool, count: Int, preference: SitePreference?, on inventory: Inventory
    ) {
        self.areHosts = areHosts
        var sites = inventory.sites.indices.filter { room.sites[$0] > 0 }
        if let preference {
            let scores = SiteScores(preference, for: room, on: inventory).scores
            sites.sort { (scores[$0], room.sites[$0], $0) < (scores[$1], room.sites[$1], $1) }
        } else {
            sites.sort { (room.sites[$0], $0) < (room.sites[$1], $1) }
        }
        let levels = inventory.groupCounts.indices
        let tiers = preference == nil ? room.tiers : []
        guard areHosts else {
            positions = sites
            supply = sites.map { min(room.sites[$0], count) }
            rounds = tiers.map { tier in sites.map { min(tier.sites[$0], count) } } + [supply]
            groups = levels.map { level in sites.map { inventory.rooms[$0].groups[level] } } + [[]]
            return
        }
        positions = []
        supply = []
        rounds = tiers.map { _ in [] }
        groups = [[Int]](repeating: [], count: levels.count + 1)
        for site in sites {
            let hosts = inventory.rooms[site].hosts.filter { room.hosts[$0] > 0 }
                .sorted { (room.hosts[$0], $0) < (room.hosts[$1], $1) }
            positions += hosts
            supply += hosts.map { min(room.hosts[$0], count) }
            for (round, tier) in tiers.enumerated() { rounds[round] += hosts.map { min(tier.hosts[$0], count) } }
            for level in levels { groups[level] += hosts.map { _ in inventory.rooms[site].groups[level] } }
            groups[levels.count] += hosts
        }
        rounds.append(supply)
    }
}
