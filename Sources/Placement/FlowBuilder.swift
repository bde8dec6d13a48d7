import CapacityModel

/// Lays out the nodes and arcs of a `FlowNetwork`: one node a group, made when a candidate first needs it.
struct FlowBuilder {
    let source = 0
    let sink = 1
    private(set) var ends: [Int] = []
    private(set) var capacities: [Int] = []
    private(set) var arcs: [[Int]] = [[], []]
    private(set) var groupArcs: [[Int]]
    private var nodes: [[Int]]
    /// From each site to its carrier.
    private var crossArcs: [Int: Int] = [:]

    init(levels: [Int]) {
        groupArcs = levels.map { [Int](repeating: -1, count: $0) }
        nodes = groupArcs
    }

    /// Adds what is missing of a candidate's path and returns the arc into its site.
    mutating func addPath(_ path: [Int], problem: SpreadProblem, candidate: Int) -> Int {
        var parent = source
        for level in SpreadRule.Level.nested.map(\.position) {
            let group = path[level]
            if nodes[level][group] < 0 {
                nodes[level][group] = makeNode()
                let room = level == SpreadRule.Level.site.position ? problem.supply[candidate] : problem.count
                let capacity = min(problem.caps[level][group], room)
                groupArcs[level][group] = connect(parent, nodes[level][group], capacity: capacity)
            }
            parent = nodes[level][group]
        }
        let level = SpreadRule.Level.carrier.position
        let carrier = path[level]
        if nodes[level][carrier] < 0 {
            nodes[level][carrier] = makeNode()
            let capacity = min(problem.caps[level][carrier], problem.count)
            groupArcs[level][carrier] = connect(nodes[level][carrier], sink, capacity: capacity)
        }
        let site = path[SpreadRule.Level.site.position]
        crossArcs[site] = connect(parent, nodes[level][carrier], capacity: problem.count)
        return groupArcs[SpreadRule.Level.site.position][site]
    }

    /// The arcs from the source to the sink through `path`.
    func path(of path: [Int]) -> [Int] {
        var arcs = path.enumerated().map { groupArcs[$0.offset][$0.element] }
        if let cross = crossArcs[path[SpreadRule.Level.site.position]] { arcs.append(cross) }
        return arcs
    }

    mutating func connect(_ from: Int, _ to: Int, capacity: Int) -> Int {
        let arc = ends.count
        ends += [to, from]
        capacities += [capacity, 0]
        arcs[from].append(arc)
        arcs[to].append(arc + 1)
        return arc
    }

    private mutating func makeNode() -> Int {
        arcs.append([])
        return arcs.count - 1
    }
}
