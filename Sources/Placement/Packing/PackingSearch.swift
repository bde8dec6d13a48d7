/// Improves a packing by ruin and recreate (Schrimpf et al., 2000): a few nodes lose some or all of what they have,
/// and are filled again from that and the leftovers in a random order.
///
/// For the fewest nodes, the least used node is closed whenever everything has a place, and its items are leftovers;
/// now and then an open node is exchanged for a closed one, so that the mix of node shapes follows the mix of items.
/// A step is kept by threshold accepting (Dueck and Scheuer, 1990): when it costs no more than a threshold that falls
/// to nothing over the budget. Only sums, products and comparisons decide, so every machine decides alike.
struct PackingSearch {
    private var board: PackingBoard
    private var best: PackingBoard
    private let limit: Int
    private var random = SplitMix64(seed: 1)
    /// The nodes that may be used, and those that are closed.
    private var open: [Int]
    private var closed: [Int] = []

    /// What a leftover costs against slack that is brought together, both in average nodes.
    private static let leftoverWeight = 4.0
    /// The first threshold, in average nodes.
    private static let warmth = 0.02
    /// Two sums of the same worths, added in another order, differ by less.
    private static let rounding = 1e-9
    /// One step in so many exchanges a node for a closed one.
    private static let exchangeEvery = 16

    init(_ board: PackingBoard, budget: PackingBudget) {
        self.board = board
        best = board
        limit = budget.attempts
        let isComplete = board.problem.goal == .fewestNodes && board.left.kinds.isEmpty
        open = board.rooms.indices.filter { !isComplete || !board.rooms[$0].seats.isEmpty }
        closed = board.rooms.indices.filter { isComplete && board.rooms[$0].seats.isEmpty }
    }

    /// The best packing found within the budget, never worse than the first.
    mutating func run() -> PackingBoard {
        let start = board.attempts
        while board.attempts - start < limit, !open.isEmpty {
            if board.left.kinds.isEmpty {
                best = board
                guard board.problem.goal == .fewestNodes, open.count > 1 else { return best }
                closeLeastUsed()
            }
            step(threshold: Self.warmth * (1 - Double(board.attempts - start) / Double(limit)) * random.unit())
            // With a node closed only a complete packing is an answer.
            let isAnswer = closed.isEmpty || board.left.kinds.isEmpty
            if isAnswer, board.left.value < best.left.value - Self.rounding { best = board }
        }
        return best
    }

    private mutating func closeLeastUsed() {
        let (prices, empty) = (board.problem.prices, board.problem.rooms)
        let uses = open.map { prices.price(of: empty[$0]) - prices.price(of: board.rooms[$0]) }
        guard let position = uses.indices.min(by: { uses[$0] < uses[$1] }) else { return }
        let node = open.remove(at: position)
        closed.append(node)
        board.vacate(node)
    }

    /// Ruins and recreates a few nodes. What is worth more placed than before is kept in any case; else it is taken back
    /// where it costs more than `threshold`, in average nodes.
    private mutating func step(threshold: Double) {
        let positions = somePositions()
        var nodes = positions.map { open[$0] }
        var saved = nodes.map { (node: $0, room: board.rooms[$0]) }
        let before = (cost: cost(nodes), left: board.left.value)
        var kinds: [Int] = []
        let share = 0.25 + 0.75 * random.unit()
        for node in nodes { kinds += board.vacate(node, share: share, by: &random) }

        let swap = closed.isEmpty || random.below(Self.exchangeEvery) > 0 ? nil : random.below(closed.count)
        if let swap {
            kinds += board.vacate(nodes[0])
            nodes[0] = closed[swap]
            saved.append((nodes[0], board.rooms[nodes[0]]))
            (open[positions[0]], closed[swap]) = (closed[swap], open[positions[0]])
        }
        random.shuffle(&nodes)
        recreate(nodes, with: kinds)
        if board.left.value < before.left - Self.rounding || cost(nodes) - before.cost <= threshold { return }
        board.restore(saved)
        if let swap { (open[positions[0]], closed[swap]) = (closed[swap], open[positions[0]]) }
    }

    /// One to three positions in `open`, mostly two.
    private mutating func somePositions() -> [Int] {
        let count = min(open.count, [1, 2, 2, 3][random.below(4)])
        var positions: [Int] = []
        while positions.count < count {
            let position = random.below(open.count)
            if !positions.contains(position) { positions.append(position) }
        }
        return positions
    }

    /// Fills `nodes` in their order from the leftovers: `kinds` and a sample of the others, in an order drawn by worth
    /// or by density.
    private mutating func recreate(_ nodes: [Int], with kinds: [Int]) {
        let byValue = random.below(2) == 0
        var drawn: [(key: Double, kind: Int)] = []
        for kind in kinds + sample() {
            let rank = byValue ? board.problem.values[kind] : board.problem.density(of: kind)
            drawn.append((rank * random.unit(), kind))
        }
        drawn.sort { ($1.key, $0.kind) < ($0.key, $1.kind) }
        for (_, kind) in drawn {
            for node in nodes where board.left.counts[kind] > 0 { board.fill(node, with: kind) }
        }
    }

    /// At most 64 of the classes with leftovers.
    private mutating func sample() -> [Int] {
        let kinds = board.left.kinds
        guard kinds.count > 64 else { return kinds }
        let first = random.below(kinds.count)
        return (0..<64).map { kinds[(first + $0) % kinds.count] }
    }

    /// What the leftovers and the slack on `nodes` cost. Slack counts by its square, as a gain: much on one node can
    /// take what little on each of many cannot.
    private func cost(_ nodes: [Int]) -> Double {
        nodes.reduce(Self.leftoverWeight * board.left.value) { sum, node in
            let slack = board.problem.prices.price(of: board.rooms[node])
            return sum - slack * slack
        }
    }
}
