/// Gives instances to the hosts of a site of which each loses the least time of large slots for its share.
struct SlotBreaking {
    private struct Chunk {
        var host: Int
        var count: Int
        /// Seconds of slots an instance.
        var cost: Double
    }

    private let supply: Supply
    private let inventory: Inventory
    private let range: Range<Int>
    /// Beside `range`.
    private var counts: [Int]

    /// How often the costs are worked out again, since they are those of as many as a host was thought to get.
    private static let rounds = 8

    init(_ supply: Supply, among range: Range<Int>, taken: [(host: Int, count: Int)], on inventory: Inventory) {
        self.supply = supply
        self.inventory = inventory
        self.range = range
        counts = [Int](repeating: 0, count: range.count)
        for (host, count) in taken { counts[host - range.lowerBound] = count }
    }

    var taken: [(host: Int, count: Int)] {
        zip(range, counts).filter { $0.1 > 0 }.map { (host: $0.0, count: $0.1) }
    }

    mutating func take(_ count: Int) {
        var rest = count
        for round in 1...Self.rounds where rest > 0 {
            for chunk in chunks(atMost: rest) where rest > 0 {
                if chunk.count > rest, round < Self.rounds { break }
                counts[chunk.host - range.lowerBound] += min(chunk.count, rest)
                rest -= min(chunk.count, rest)
            }
        }
    }

    /// The host that takes `count` by itself at no higher cost than that of what was taken, the cheapest, then the tightest.
    func oneHost(for count: Int) -> Int? {
        let cost = zip(range, counts).reduce(0) { $0 + slotSeconds($1.0, 0, $1.1) }
        return range.filter { supply.hosts[$0] >= count }
            .map { (cost: slotSeconds($0, 0, count), room: supply.hosts[$0], host: $0) }
            .filter { $0.cost <= cost }.min { ($0.cost, $0.room, $0.host) < ($1.cost, $1.room, $1.host) }?.host
    }

    /// What each host could take, the cheapest first; among equals the tightest that takes all of `rest`, then the fullest.
    private func chunks(atMost rest: Int) -> [Chunk] {
        range.compactMap { host in
            let taken = counts[host - range.lowerBound]
            let count = min(rest, supply.hosts[host] - taken)
            guard count > 0 else { return nil }
            return Chunk(host: host, count: count, cost: slotSeconds(host, taken, count) / Double(count))
        }.sorted { one, other in
            (one.cost, one.count == rest ? 0 : 1, supply.hosts[one.host], one.host)
                < (other.cost, other.count == rest ? 0 : 1, supply.hosts[other.host], other.host)
        }
    }

    private func slotSeconds(_ host: Int, _ taken: Int, _ count: Int) -> Double {
        let (calendar, allocatable) = (inventory.calendars[host], inventory.allocatable[host])
        func lost(to count: Int) -> Int64 {
            guard count > 0 else { return 0 }
            return calendar.slotSeconds(lostTo: supply.unit * count, of: allocatable, during: supply.window)
        }
        return Double(lost(to: taken + count) - lost(to: taken))
    }
}
