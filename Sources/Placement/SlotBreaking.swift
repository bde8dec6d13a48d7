/// Gives instances to the hosts of a site of which each loses the least time of large slots for its share.
struct SlotBreaking {
    private struct Chunk {
        var host: Int
        var count: Int
        /// Whether free GPUs of the host would lack vCPU or memory.
        var costsGPUs: Bool
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
        let costsGPUs = zip(range, counts).contains { $0.1 > besideGPUs($0.0) }
        return range.filter { (costsGPUs ? supply.hosts[$0] : besideGPUs($0)) >= count }
            .map { (cost: slotSeconds($0, 0, count), room: supply.hosts[$0], host: $0) }
            .filter { $0.cost <= cost }
            .min { key($0.host, count, $0.cost, $0.room) < key($1.host, count, $1.cost, $1.room) }?.host
    }

    private func key(_ host: Int, _ count: Int, _ cost: Double, _ room: Int) -> (Int, Double, Int, Int) {
        (count > besideGPUs(host) ? 1 : 0, cost, room, host)
    }

    /// What each host could take, GPUs of use left aside, the cheapest first; among equals the tightest that takes all of
    /// `rest`, then the fullest.
    private func chunks(atMost rest: Int) -> [Chunk] {
        range.flatMap { host -> [Chunk] in
            let taken = counts[host - range.lowerBound]
            let beside = max(0, besideGPUs(host) - taken)
            let beyond = supply.hosts[host] - taken - beside
            let parts = [(from: taken, count: beside), (from: taken + beside, count: beyond)]
            return parts.enumerated().compactMap { index, part in
                let count = min(rest, part.count)
                guard count > 0 else { return nil }
                let cost = slotSeconds(host, part.from, count) / Double(count)
                return Chunk(host: host, count: count, costsGPUs: index > 0, cost: cost)
            }
        }.sorted { key($0, rest) < key($1, rest) }
    }

    private func key(_ chunk: Chunk, _ rest: Int) -> (Int, Double, Int, Int, Int) {
        (chunk.costsGPUs ? 1 : 0, chunk.cost, chunk.count == rest ? 0 : 1, supply.hosts[chunk.host], chunk.host)
    }

    private func besideGPUs(_ host: Int) -> Int { supply.besideGPUs?.hosts[host] ?? supply.hosts[host] }

    private func slotSeconds(_ host: Int, _ taken: Int, _ count: Int) -> Double {
        let (calendar, allocatable) = (inventory.calendars[host], inventory.allocatable[host])
        func lost(to count: Int) -> Int64 {
            guard count > 0 else { return 0 }
            return calendar.slotSeconds(lostTo: supply.unit * count, of: allocatable, during: supply.window)
        }
        return Double(lost(to: taken + count) - lost(to: taken))
    }
}
