import CapacityModel

/// The largest allocation under one skew where groups may be left empty, and nothing else is a choice: no carrier has a rule,
/// and nothing has to be opened.
///
/// With the floor m fixed, a group without instances gets none, or between m and m + k. Which are used is a choice under caps:
/// a wider group whose cap is c has at most c / m of them, which is a laminar matroid, and the most that some j of them take
/// is concave in j, since of each wider group those with most room are used first. So what each used group adds is sorted,
/// cut at the cap and merged with its siblings', from the narrow levels to the wide ones: exact for every floor.
///
/// What can be placed rises with the floor as long as as many groups can keep up; so only those floors are looked at at which
/// one drops out for lack of room, or of the count or a cap for one more. An upper bound without caps sorts them, and mostly
/// the first is the answer.
struct SkewChoice {
    /// Used groups for one floor, and how many are placed in all.
    private struct Choice {
        var floor: Int
        var total: Int
        var groups: [Int]
    }

    /// What a wider group can take: with the groups that have instances already alone, and what each further used one adds.
    private struct Node {
        var base = 0
        /// How many it takes to bring the groups that have some to the floor.
        var lower = 0
        /// In falling order.
        var gains: [(gain: Int, group: Int)] = []
    }

    private let problem: SpreadProblem
    private let skew: Skew
    /// For each group of the level: how many more it has room for under the caps.
    private let room: [Int]
    /// For each group of the level: the first candidate in it.
    private let first: [Int]
    /// The levels wider than the skew's own that have caps, from the narrowest.
    private let wider: [Int]
    /// Groups that have instances, and those with room that have none, most room first.
    private let held: [Int]
    private let open: [Int]

    private static let tryLimit = 256
    private static let workLimit = 2_000_000

    /// `nil` where more than the groups of one level is a choice.
    init?(_ problem: SpreadProblem) {
        guard problem.skews.count == 1, problem.isLaminar, problem.ruled.allSatisfy({ problem.needed[$0] == 0 })
        else { return nil }
        self.problem = problem
        skew = problem.skews[0]
        let level = skew.level
        let (room, existing) = (problem.room(at: level), skew.existing)
        self.room = room
        var first = [Int](repeating: -1, count: room.count)
        for (candidate, group) in problem.groups[level].enumerated() where first[group] < 0 { first[group] = candidate }
        self.first = first
        wider = problem.candidates.nested.prefix { $0 != level }.reversed().filter { problem.ruled.contains($0) }
        held = skew.eligible.filter { existing[$0] > 0 }
        open = skew.eligible.filter { existing[$0] == 0 && room[$0] > 0 }
            .sorted { (room[$1], first[$0]) < (room[$0], first[$1]) }
    }

    /// The largest allocation, of several the one with most groups and then with the lowest floor; `nil` where it is no larger
    /// than `known`.
    func allocation(above known: Int) -> SpreadProblem.Allocation? {
        guard let best = best(above: known).map(lowered) else { return nil }
        var fixed = problem
        let used = Set(best.groups)
        fixed.floors[skew.level] = room.map { _ in 0 }
        for group in skew.eligible {
            let isUsed = used.contains(group) || skew.existing[group] > 0
            fixed.bound(group, of: skew, by: isUsed ? best.floor...best.floor : nil)
        }
        var work = 0
        return fixed.solvedAsItStands(work: &work)
    }

    private func best(above known: Int) -> Choice? {
        var best: Choice?
        var work = 0
        for bound in bounds.prefix(Self.tryLimit) where work < Self.workLimit {
            guard (bound.total, bound.groups) > (best?.total ?? known, best?.groups.count ?? .max) else { break }
            work += (held.count + open.count) * (1 + wider.count)
            guard let choice = choice(bound.floor), choice.total > known else { continue }
            if (choice.total, choice.groups.count) > (best?.total ?? known, best?.groups.count ?? 0) { best = choice }
        }
        return best
    }

    /// The same with the lowest floor that places as many. More groups it cannot have, or it were the best.
    private func lowered(_ best: Choice) -> Choice {
        var (low, lowest) = (1, best)
        while low < lowest.floor {
            let middle = (low + lowest.floor) / 2
            if let choice = choice(middle), choice.total == best.total { lowest = choice } else { low = middle + 1 }
        }
        return lowest
    }
}

// MARK: - One floor

extension SkewChoice {
    private func choice(_ floor: Int) -> Choice? {
        var nodes: [(candidate: Int, node: Node)] = []
        for group in held {
            let lower = max(0, floor - skew.existing[group])
            guard lower <= room[group] else { return nil }
            let base = min(room[group], max(0, floor + skew.most - skew.existing[group]))
            // A group without a candidate has no room.
            if first[group] >= 0 { nodes.append((first[group], Node(base: base, lower: lower))) }
        }
        for group in open where room[group] >= floor {
            nodes.append((first[group], Node(gains: [(min(room[group], floor + skew.most), group)])))
        }
        for level in wider {
            var children = [[Node]](repeating: [], count: problem.caps[level].count)
            var candidates = problem.caps[level].map { _ in -1 }
            for (candidate, node) in nodes {
                let group = problem.groups[level][candidate]
                if children[group].isEmpty { candidates[group] = candidate }
                children[group].append(node)
            }
            nodes = []
            for (group, children) in children.enumerated() where !children.isEmpty {
                guard let node = merged(children, cap: problem.caps[level][group], floor: floor) else { return nil }
                nodes.append((candidates[group], node))
            }
        }
        guard let root = merged(nodes.map(\.node), cap: problem.count, floor: floor) else { return nil }
        let total = root.gains.reduce(root.base) { $0 + $1.gain }
        return Choice(floor: floor, total: total, groups: root.gains.map(\.group))
    }

    private func merged(_ children: [Node], cap: Int, floor: Int) -> Node? {
        let lower = children.reduce(0) { $0 + $1.lower }
        guard lower <= cap else { return nil }
        let base = min(cap, children.reduce(0) { $0 + $1.base })
        var gains = children.flatMap(\.gains)
        gains.sort { ($1.gain, first[$0.group]) < ($0.gain, first[$1.group]) }
        gains.removeLast(max(0, gains.count - (cap - lower) / floor))
        var left = cap - base
        for index in gains.indices {
            gains[index].gain = min(gains[index].gain, left)
            left -= gains[index].gain
        }
        return Node(base: base, lower: lower, gains: gains)
    }
}

// MARK: - All floors

extension SkewChoice {
    /// The floors at which a group drops out, with the most that may be placed and used there: the largest first, of equals
    /// the one with more groups, then the lowest.
    private var bounds: [(floor: Int, total: Int, groups: Int)] {
        let sums = open.reduce(into: [0]) { $0.append($0[$0.count - 1] + room[$1]) }
        let needs = Needs(of: held.map { skew.existing[$0] })
        let bounds = floors.map { floor -> (floor: Int, total: Int, groups: Int) in
            let able = open.partitioningIndex { room[$0] < floor }
            let groups = min(able, max(0, problem.count - needs.below(floor)) / floor)
            let cut = min(groups, open.partitioningIndex { room[$0] < floor + skew.most })
            let base = held.reduce(0) { $0 + min(room[$1], max(0, floor + skew.most - skew.existing[$1])) }
            let total = base + cut * (floor + skew.most) + sums[groups] - sums[cut]
            return (floor, min(problem.count, total), groups)
        }
        return bounds.sorted { ($1.total, $1.groups, $0.floor) < ($0.total, $0.groups, $1.floor) }
    }

    /// In rising order.
    private var floors: [Int] {
        let highest = held.map { skew.existing[$0] + room[$0] }.min() ?? .max
        var floors = Set(open.map { room[$0] } + (highest == .max ? [] : [highest]))
        addFloors(to: &floors, cap: problem.count, held: held, open: open.count)
        for level in wider {
            var parts = [(held: [Int], open: Int)](repeating: ([], 0), count: problem.caps[level].count)
            for group in held where first[group] >= 0 { parts[problem.groups[level][first[group]]].held.append(group) }
            for group in open { parts[problem.groups[level][first[group]]].open += 1 }
            for (group, part) in parts.enumerated() where part.open + part.held.count > 0 {
                addFloors(to: &floors, cap: problem.caps[level][group], held: part.held, open: part.open)
            }
        }
        return floors.filter { $0 > 0 && $0 <= highest }.sorted()
    }

    /// The highest floors at which a cap leaves one group, two, three … of those that are open.
    private func addFloors(to floors: inout Set<Int>, cap: Int, held: [Int], open: Int) {
        let needs = Needs(of: held.map { skew.existing[$0] })
        var limit = (room.max() ?? 0) + (skew.existing.max() ?? 0)
        for count in 0...open {
            guard cap - needs.below(1) >= count else { return }
            var low = 1
            while low < limit {
                let middle = low + (limit - low + 1) / 2
                if needs.below(middle) + count * middle <= cap { low = middle } else { limit = middle - 1 }
            }
            limit = low
            floors.insert(low)
            // From here on each count leaves its floor as low as it can be.
            if low == 1 { return }
        }
    }
}

/// How many it takes to bring groups that have some instances to a floor.
private struct Needs {
    private let existing: [Int]
    private let sums: [Int]

    init(of existing: [Int]) {
        self.existing = existing.sorted()
        sums = self.existing.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    }

    func below(_ floor: Int) -> Int {
        let count = existing.partitioningIndex { $0 >= floor }
        return count * floor - sums[count]
    }
}
