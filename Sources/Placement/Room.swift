import CapacityModel

/// A site as the planner sees it: a stretch of hosts, and its group at every level as a small number.
struct Room: Sendable {
    let hosts: Range<Int>
    /// By `SpreadRule.Level.position`.
    let groups: [Int]
}

/// How many groups each level has, by `SpreadRule.Level.position`.
typealias GroupCounts = [Int]

extension SpreadRule.Level {
    /// The levels from the widest group to the narrowest, then the carrier, which cuts across them.
    static let nested: [SpreadRule.Level] = [.area, .province, .city, .site]
    static let positioned: [SpreadRule.Level] = nested + [.carrier]

    var position: Int {
        switch self {
        case .area: 0
        case .province: 1
        case .city: 2
        case .site: 3
        case .carrier: 4
        }
    }
}

extension Room {
    /// Numbers the groups of every level in the order of the sites.
    ///
    /// A city is told apart by its province and code together, so that the levels nest whatever a fleet file says.
    static func rooms(of sites: [Site], hosts: [Range<Int>]) -> ([Room], GroupCounts) {
        var numberings = [GroupNumbering](repeating: GroupNumbering(), count: SpreadRule.Level.positioned.count)
        let rooms = zip(sites, sites.indices).map { site, index in
            let groups = SpreadRule.Level.positioned.map { level in
                switch level {
                case .site: numberings[level.position].number(of: String(index))
                case .city: numberings[level.position].number(of: "\(site.province)/\(site.city)")
                case .province, .area, .carrier: numberings[level.position].number(of: level.group(of: site))
                }
            }
            return Room(hosts: hosts[index], groups: groups)
        }
        return (rooms, numberings.map(\.count))
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
