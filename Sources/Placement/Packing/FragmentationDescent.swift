/// Fragmentation Gradient Descent (Weng et al., USENIX ATC 2023): each item, in the order given, goes where the
/// expected fragmentation of the node grows least.
///
/// A node's fragment for a class is the share of its free GPUs that an item of that class cannot use: all of it where
/// the item does not fit or wants no GPU, otherwise what is free on devices with too little for it. The expectation
/// is over the whole mix. Meant for items that arrive one by one, it is here for comparison and for pods that must
/// not move later.
package func packByFragmentation(_ items: [PackingItem], on nodes: [PackingNode]) -> Packing {
    var descent = FragmentationDescent(PackingProblem(items, on: nodes, goal: .mostGPUs))
    return descent.run()
}

private struct FragmentationDescent {
    private struct Step {
        var growth: Double
        var devices: UInt64
    }

    private let problem: PackingProblem
    private var board: PackingBoard
    /// Beside the classes: its share of the mix.
    private let shares: [Double]
    /// Beside the nodes: the expected fragment, in thousandths of a device.
    private var fragments: [Double]
    /// By class, beside the nodes: the best step there, `nil` where there is none.
    private var steps: [[Step?]]
    /// By class: the nodes that changed since `steps` was worked out.
    private var stale: [Set<Int>]

    init(_ problem: PackingProblem) {
        self.problem = problem
        board = PackingBoard(problem)
        shares = problem.members.map { Double($0.count) / Double(max(1, problem.itemCount)) }
        let nodes = problem.rooms.indices
        steps = problem.classes.map { _ in nodes.map { _ in nil } }
        stale = problem.classes.map { _ in Set(nodes) }
        fragments = nodes.map { _ in 0 }
        for node in nodes { fragments[node] = expectedFragment(problem.rooms[node]) }
    }

    mutating func run() -> Packing {
        var kinds = [Int](repeating: 0, count: problem.itemCount)
        for (kind, members) in problem.members.enumerated() {
            for member in members { kinds[member] = kind }
        }
        for kind in kinds {
            refresh(kind)
            var best: (node: Int, step: Step)?
            for (node, step) in steps[kind].enumerated() {
                if let step, step.growth < best?.step.growth ?? .infinity { best = (node, step) }
            }
            guard let (node, step) = best else { continue }
            board.rooms[node].seat(problem.classes[kind], number: kind, devices: step.devices)
            fragments[node] = expectedFragment(board.rooms[node])
            for kind in stale.indices { stale[kind].insert(node) }
        }
        return board.packing
    }

    private mutating func refresh(_ kind: Int) {
        for node in stale[kind] { steps[kind][node] = bestStep(kind, on: node) }
        stale[kind].removeAll(keepingCapacity: true)
    }

    private func bestStep(_ kind: Int, on node: Int) -> Step? {
        let room = board.rooms[node]
        var best: Step?
        for devices in room.choices(for: problem.classes[kind]) {
            var after = room
            after.seat(problem.classes[kind], number: kind, devices: devices)
            let growth = expectedFragment(after) - fragments[node]
            if growth < best?.growth ?? .infinity { best = Step(growth: growth, devices: devices) }
        }
        return best
    }

    private func expectedFragment(_ room: PackingRoom) -> Double {
        guard room.gpuMilli > 0 else { return 0 }
        var sum = 0.0
        for (kind, share) in zip(problem.classes, shares) { sum += share * Double(room.fragment(for: kind)) }
        return sum
    }
}

extension PackingRoom {
    /// Thousandths of its devices that are free and of no use to one more of `kind`.
    fileprivate func fragment(for kind: PackingProblem.Class) -> Int {
        guard kind.deviceCount > 0, devices(for: kind) != nil else { return gpuMilli }
        return deviceMilli.reduce(0) { $1 < kind.perDevice ? $0 + $1 : $0 }
    }

    /// The devices on which one more of `kind` could stand; of devices that have the same left, the first.
    fileprivate func choices(for kind: PackingProblem.Class) -> [UInt64] {
        guard let tightest = devices(for: kind) else { return [] }
        guard kind.deviceCount == 1, kind.perDevice < PackingNode.wholeDevice else { return [tightest] }
        var seen: [Int] = []
        var choices: [UInt64] = []
        for (index, left) in deviceMilli.enumerated() where left >= kind.perDevice && !seen.contains(left) {
            seen.append(left)
            choices.append(1 << UInt64(index))
        }
        return choices
    }
}
