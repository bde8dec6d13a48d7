/// The levels of a spread problem as a flow: source → area → province → city → site → carrier → sink, one arc
/// back. Where hosts are counted, they stand between the site and the carrier.
///
/// The caps are the capacities. The arc from the sink back to the source, of the demand's count, makes a flow a
/// circulation, in which a group can be made to keep one instance: a lower bound of one on the arc that leads into
/// it.
struct FlowNetwork: Sendable {
    private let ends: [Int]
    private var capacities: [Int]
    /// For each node, its arcs; an odd arc is the reverse of the even one before it.
    private let arcs: [[Int]]
    /// For each level and group, the arc that leads into it (out of it, for carriers), or -1.
    private let groupArcs: [[Int]]
    private let candidateArcs: [Int]
    private let source: Int
    private let sink: Int
    private let back: Int

    private var residual: [Int]
    /// Arcs looked at so far: the measure of work, the same on every machine.
    private(set) var work = 0

    var value: Int { capacities[back] - residual[back] }

    /// Whether `group` has no instance and might get one.
    func isOpenable(level: Int, group: Int) -> Bool {
        let arc = groupArcs[level][group]
        return arc >= 0 && capacities[arc] > 0 && residual[arc] == capacities[arc]
    }

    var allocation: SpreadProblem.Allocation {
        SpreadProblem.Allocation(taken: candidateArcs.map { capacities[$0] - residual[$0] }, total: value)
    }
}

extension FlowNetwork {
    init(_ problem: SpreadProblem, flow start: SpreadProblem.Allocation) {
        var builder = FlowBuilder(levels: problem.caps.map(\.count))
        let candidateArcs = problem.candidates.indices.map { builder.addPath(of: $0, in: problem) }
        let back = builder.connect(builder.sink, builder.source, capacity: problem.count)
        ends = builder.ends
        capacities = builder.capacities
        arcs = builder.arcs
        groupArcs = builder.groupArcs
        source = builder.source
        sink = builder.sink
        self.back = back
        self.candidateArcs = candidateArcs
        residual = builder.capacities

        for (candidate, taken) in start.taken.enumerated() where taken > 0 {
            for arc in builder.path(of: candidate, in: problem) { push(taken, along: arc) }
        }
        push(start.total, along: back)
    }

    /// Raises the flow to the largest that leaves the kept groups their instance.
    mutating func augment() {
        while residual[back] > 0, let path = path(from: source, to: sink, throughBack: false) {
            let width = path.reduce(residual[back]) { min($0, residual[$1]) }
            for arc in path { push(width, along: arc) }
            push(width, along: back)
        }
    }

    /// Sends instances through `group` until it has `least`, and keeps them there; `false` where no circulation allows
    /// it, after which the network is of no use.
    mutating func keep(_ least: Int, level: Int, group: Int) -> Bool {
        let arc = groupArcs[level][group]
        guard arc >= 0 else { return least <= 0 }
        // What the group has stays while the rest is looked for: a path back through itself would lead nowhere.
        residual[arc ^ 1] = 0
        while capacities[arc] - residual[arc] < least {
            guard residual[arc] > 0, let path = path(from: ends[arc], to: ends[arc ^ 1], throughBack: true)
            else { return false }
            let lacking = least - (capacities[arc] - residual[arc])
            let width = path.reduce(min(residual[arc], lacking)) { min($0, residual[$1]) }
            for step in path { push(width, along: step) }
            residual[arc] -= width
        }
        residual[arc ^ 1] = capacities[arc] - residual[arc] - least
        return true
    }

    /// Closes `group`, which has none: it gets none any more.
    mutating func close(level: Int, group: Int) {
        let arc = groupArcs[level][group]
        guard arc >= 0 else { return }
        capacities[arc] = 0
        residual[arc] = 0
    }

    mutating func resetWork() { work = 0 }

    private mutating func push(_ amount: Int, along arc: Int) {
        residual[arc] -= amount
        residual[arc ^ 1] += amount
    }

    /// A shortest path over arcs with room, first arcs first.
    private mutating func path(from start: Int, to goal: Int, throughBack: Bool) -> [Int]? {
        var via = [Int](repeating: -1, count: arcs.count)
        var queue = [start]
        var next = 0
        search: while next < queue.count {
            let node = queue[next]
            next += 1
            work += arcs[node].count
            for arc in arcs[node] where residual[arc] > 0 && (throughBack || arc | 1 != back | 1) {
                let end = ends[arc]
                guard end != start, via[end] < 0 else { continue }
                via[end] = arc
                if end == goal { break search }
                queue.append(end)
            }
        }
        guard via[goal] >= 0 else { return nil }
        var path: [Int] = []
        var node = goal
        while node != start {
            path.append(via[node])
            node = ends[via[node] ^ 1]
        }
        return path.reversed()
    }
}
