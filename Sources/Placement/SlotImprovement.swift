import CapacityModel

/// The improvement step of an order of many instances: what breaks large slots is taken back and given to the hosts, of all
/// sites that the rules leave, where it costs the fewest seconds of slots.
///
/// The counts per site go by fullness, and each site breaks slots for itself; so an order breaks a little at many sites, or a slot
/// that would have lasted where another is gone anyway for most of the window. All that breaks is one pool here. It is
/// placed again, in rounds, the cheapest for each instance first, and what comes of it is kept only if it costs strictly less.
/// So a plan is never worse than without, and no instance loses its place.
///
/// Rules stay as the search left them: caps of all levels are heeded, groups that had to be opened keep an instance. Where a customer
/// weighs sites, or groups are to be alike, every site keeps its count, and only hosts of one site are exchanged. Instances with
/// GPUs are left to the gradient.
///
/// The budget is work, so that every machine decides alike: so many hosts are looked at, each once, and gone over `rounds` times;
/// where groups that had to be opened would close, once more. At most half of them are those from which instances are taken back.
struct SlotImprovement {
    /// A host that has instances of the order, or could.
    private struct Place {
        let host: Int
        /// The position of its site, or its own, among the candidates.
        let candidate: Int
        let levels: SlotLevels
        var count: Int
    }

    /// So many go to one place next.
    private struct Chunk {
        var place: Int
        var count: Int
        /// Seconds of slots an instance.
        var cost: Double
    }

    private static let rounds = 8

    private let problem: SpreadProblem
    private let isPinned: Bool
    private let budget: ImprovementBudget
    private let inventory: Inventory
    /// The levels at which something may bind, the candidates' own among them.
    private let levels: [Int]
    private var places: [Place] = []
    /// For each level and group: how many more it may get.
    private var caps: [[Int]] = []
    private var rest = 0
    private var costBefore: Int64 = 0
    /// How many hosts were looked at, over both tries.
    private(set) var lookedAt = 0

    /// - Parameter isPinned: Whether every site keeps its count.
    init(of problem: SpreadProblem, isPinned: Bool, budget: ImprovementBudget, on inventory: Inventory) {
        self.problem = problem
        self.isPinned = isPinned
        self.budget = budget
        self.inventory = inventory
        let own = problem.candidates.narrowest
        levels = problem.ruled.filter { $0 != own } + [own]
    }

    /// The hosts of an order, better where that is possible.
    mutating func improved(_ shares: [HostShare]) -> [HostShare] {
        let room = problem.room
        guard budget.hosts > 0, room.gpus == nil, shares.contains(where: { $0.count > room.spare.hosts[$0.host] })
        else { return shares }
        // Mostly the groups that had to be opened stay open by themselves.
        for keepsOpen in [false, true] {
            var step = self
            step.takeBack(from: shares, keepsOpen: keepsOpen)
            step.lookAround(shares)
            step.placeAgain()
            lookedAt += step.places.count
            guard step.rest == 0, step.cost < step.costBefore else { return shares }
            let better = step.shares(after: shares)
            if problem.keepsNeeds(better) { return better }
        }
        return shares
    }

    private var cost: Int64 { places.reduce(0) { $0 + $1.levels.cost(of: $1.count) } }

    /// Makes all that breaks slots the pool, of half-filled hosts first.
    private mutating func takeBack(from shares: [HostShare], keepsOpen: Bool) {
        let (room, own) = (problem.room, problem.candidates.narrowest)
        caps = problem.caps
        if isPinned { caps[own] = caps[own].map { _ in 0 } }
        for share in shares where !isPinned { change(share.candidate, by: share.count) }
        let broken = shares.filter { $0.count > room.spare.hosts[$0.host] }
        let partly = broken.filter { $0.count < room.hosts[$0.host] }
        let whole = broken.filter { $0.count >= room.hosts[$0.host] }
        var open = Set<Int>()
        for share in (partly + whole).prefix(budget.hosts / 2) {
            var place = place(on: share.host, of: share.candidate, count: share.count)
            costBefore += place.levels.cost(of: share.count)
            let least = keepsOpen && open.insert(share.candidate).inserted ? 1 : 0
            place.count = max(min(share.count, place.levels.levels[0].most), least)
            rest += share.count - place.count
            change(share.candidate, by: place.count - share.count)
            places.append(place)
        }
    }

    /// Adds the hosts that cost the least for each instance where all of them is taken.
    private mutating func lookAround(_ shares: [HostShare]) {
        let room = problem.room
        var counts = [Int](repeating: 0, count: inventory.hosts.count)
        for share in shares { counts[share.host] = share.count }
        for place in places { counts[place.host] = .max }
        let mostFound = budget.hosts - places.count
        var found: [(cost: Double, host: Int, candidate: Int)] = []
        var limit = Double.infinity
        func keepBest() {
            found.sort { ($0.cost, $0.host) < ($1.cost, $1.host) }
            found.removeLast(max(0, found.count - mostFound))
            if found.count == mostFound { limit = found.last?.cost ?? 0 }
        }
        for candidate in problem.candidates.indices where self.room(candidate) > 0 {
            let position = problem.candidates.positions[candidate]
            let areHosts = problem.candidates.areHosts
            for host in areHosts ? position..<(position + 1) : inventory.rooms[position].hosts {
                let most = mostBesideGPUs(host)
                guard most > counts[host] else { continue }
                let cost = Double(room.slotSeconds[host]) / Double(most)
                guard cost < limit else { continue }
                found.append((cost, host, candidate))
                if found.count >= 2 * budget.hosts { keepBest() }
            }
        }
        keepBest()
        for entry in found {
            places.append(place(on: entry.host, of: entry.candidate, count: counts[entry.host]))
        }
    }

    private func place(on host: Int, of candidate: Int, count: Int) -> Place {
        let most = max(mostBesideGPUs(host), count)
        let levels = SlotLevels(of: problem.room.unit, atMost: most, on: host, inventory, during: problem.room.window)
        return Place(host: host, candidate: candidate, levels: levels, count: count)
    }

    private func mostBesideGPUs(_ host: Int) -> Int {
        problem.room.besideGPUs?.hosts[host] ?? problem.room.hosts[host]
    }

    private func room(_ candidate: Int) -> Int {
        levels.reduce(Int.max) { min($0, caps[$1][problem.groups[$1][candidate]]) }
    }

    private mutating func change(_ candidate: Int, by count: Int) {
        for level in levels { caps[level][problem.groups[level][candidate]] -= count }
    }
}

extension SlotImprovement {
    /// Gives the pool to the places, in rounds, since costs are those of as many as a place was thought to get.
    private mutating func placeAgain() {
        for round in 1...Self.rounds where rest > 0 {
            for chunk in chunks() where rest > 0 {
                let open = min(rest, room(places[chunk.place].candidate))
                if chunk.count > open, round < Self.rounds { continue }
                let count = min(chunk.count, open)
                places[chunk.place].count += count
                rest -= count
                change(places[chunk.place].candidate, by: count)
            }
        }
    }

    /// The cheapest way on of each place, the cheapest first; among equals hosts that have some, then those that take all
    /// of the rest, then the tightest.
    private func chunks() -> [Chunk] {
        places.indices.compactMap { place in chunk(place) }.sorted { key($0) < key($1) }
    }

    private func key(_ chunk: Chunk) -> (Double, Int, Int, Int, Int) {
        let place = places[chunk.place]
        return (
            chunk.cost, place.count > 0 ? 0 : 1, chunk.count == rest ? 0 : 1,
            problem.room.hosts[place.host], place.host
        )
    }

    private func chunk(_ index: Int) -> Chunk? {
        let place = places[index]
        let open = min(rest, room(place.candidate), place.levels.most - place.count)
        guard open > 0 else { return nil }
        var position = place.levels.position(of: place.count)
        let cost = place.levels.levels[position].cost
        var best: Chunk?
        while position < place.levels.levels.count {
            let level = place.levels.levels[position]
            let count = min(level.most - place.count, open)
            position += 1
            guard count > 0 else { continue }
            let each = Double(level.cost - cost) / Double(count)
            if best.map({ each < $0.cost || each == $0.cost && count > $0.count }) ?? true {
                best = Chunk(place: index, count: count, cost: each)
            }
            if count == open { break }
        }
        return best
    }

    private func shares(after shares: [HostShare]) -> [HostShare] {
        let known = Set(places.map(\.host))
        let changed = places.filter { $0.count > 0 }.map {
            HostShare(candidate: $0.candidate, host: $0.host, count: $0.count)
        }
        return shares.filter { !known.contains($0.host) } + changed
    }
}

/// So many instances of an order on one host.
struct HostShare: Sendable {
    /// The position of its site, or its own, among the candidates.
    var candidate: Int
    var host: Int
    var count: Int
}

extension SpreadProblem {
    /// Whether the groups that have to be opened are.
    fileprivate func keepsNeeds(_ shares: [HostShare]) -> Bool {
        var taken = [Int](repeating: 0, count: candidates.count)
        for share in shares { taken[share.candidate] += share.count }
        return satisfiesNeeds(Allocation(taken: taken, total: count))
    }
}
