import CapacityModel

/// A site as the planner sees it: a stretch of hosts, and its group at every level as a small number.
struct Room: Sendable {
    let hosts: Range<Int>
    /// By `SpreadRule.Level.position`, up to the site's own; its hosts are groups of themselves.
    let groups: [Int]
}

/// How many groups each level of sites has, by `SpreadRule.Level.position`.
typealias GroupCounts = [Int]

extension SpreadRule.Level {
    /// The levels from the widest group to the narrowest.
    static let nested: [SpreadRule.Level] = [.area, .province, .city, .site, .host]
    /// The levels by their position: those of a site first, the carrier, which cuts across the nested ones, last of them.
    static let positioned: [SpreadRule.Level] = [.area, .province, .city, .site, .carrier, .host]

    var position: Int {
        switch self {
        case .area: 0
        case .province: 1
        case .city: 2
        case .site: 3
        case .carrier: 4
        case .host: 5
        }
    }
}

extension Room {
    /// Numbers the groups of every level in the order of the sites.
    ///
    /// A city is told apart by its province and code together, so that the levels nest whatever a fleet file says.
    static func rooms(of sites: [Site], hosts: [Range<Int>]) -> ([Room], GroupCounts) {
        let levels = SpreadRule.Level.positioned.filter { $0 != .host }
        var numberings = [GroupNumbering](repeating: GroupNumbering(), count: levels.count)
        let rooms = zip(sites, sites.indices).map { site, index in
            let groups = levels.map { level in
                numberings[level.position].number(of: level.name(of: site, at: index))
            }
            return Room(hosts: hosts[index], groups: groups)
        }
        return (rooms, numberings.map(\.count))
    }
}

extension SpreadRule.Level {
    /// A text that tells the group of `site` from all others of this level.
    fileprivate func name(of site: Site, at index: Int) -> String {
        switch self {
        case .site, .host: String(index)
        case .city: "\(site.province)/\(site.city)"
        case .province: site.province
        case .area: site.area?.rawValue ?? ""
        case .carrier: site.carrier.rawValue
        }
    }
}

/// Gives each name the next number when it is first seen.
private struct GroupNumbering {
    private var numbers: [String: Int] = [:]

    var count: Int { numbers.count }

    mutating func number(of name: String) -> Int {
        if let known = numbers[name] { return known }
        let next = numbers.count
        numbers[name] = next
        return next
    }
}
