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
    /// From each candidate to its carrier.
    private var crossArcs: [Int] = []

    init(levels: [Int]) {
        groupArcs = levels.map { [Int](repeating: -1, count: $0) }
        nodes = groupArcs
    }

    /// Adds what is missing of the next candidate's path and returns the arc into it.
    mutating func addPath(of candidate: Int, in problem: SpreadProblem) -> Int {
        var parent = source
        for level in problem.candidates.nested {
            let group = problem.groups[level][candidate]
            if nodes[level][group] < 0 {
                nodes[level][group] = makeNode()
                let room = level == problem.candidates.narrowest ? problem.supply[candidate] : problem.count
                let capacity = min(problem.caps[level][group], room)
                groupArcs[level][group] = connect(parent, nodes[level][group], capacity: capacity)
            }
            parent = nodes[level][group]
        }
        let level = SpreadRule.Level.carrier.position
        let carrier = problem.groups[level][candidate]
        if nodes[level][carrier] < 0 {
            nodes[level][carrier] = makeNode()
            let capacity = min(problem.caps[level][carrier], problem.count)
            groupArcs[level][carrier] = connect(nodes[level][carrier], sink, capacity: capacity)
        }
        crossArcs.append(connect(parent, nodes[level][carrier], capacity: problem.count))
        let own = problem.candidates.narrowest
        return groupArcs[own][problem.groups[own][candidate]]
    }

    /// The arcs from the source to the sink through a candidate that was added.
    func path(of candidate: Int, in problem: SpreadProblem) -> [Int] {
        let levels = problem.candidates.nested + [SpreadRule.Level.carrier.position]
        return levels.map { groupArcs[$0][problem.groups[$0][candidate]] } + [crossArcs[candidate]]
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
