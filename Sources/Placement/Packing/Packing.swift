/// An answer: who stands where, beside the items that were asked for.
package struct Packing: Hashable, Sendable {
    /// A place on one node.
    package struct Seat: Hashable, Sendable {
        /// The node's position.
        package var node: Int
        /// The positions of the node's devices, rising; empty without a GPU.
        package var devices: [Int]

        package init(node: Int, devices: [Int]) {
            self.node = node
            self.devices = devices
        }
    }

    /// Beside the items; `nil` where one has no place.
    package var seats: [Seat?]

    package init(seats: [Seat?]) {
        self.seats = seats
    }

    /// The positions of the nodes on which something stands, rising.
    package var usedNodes: [Int] { Set(seats.compactMap { $0?.node }).sorted() }

    /// How many items have a place.
    package var placedCount: Int { seats.count { $0 != nil } }

    /// Thousandths of devices that were given out to `items`, which are those that were packed.
    package func gpuMilli(of items: [PackingItem]) -> Int {
        zip(seats, items).reduce(0) { sum, pair in pair.0 == nil ? sum : sum + pair.1.gpu.milli }
    }
}

/// What a packing is to be good at.
package enum PackingGoal: String, Hashable, Sendable, CaseIterable {
    /// Everything placed, on as few nodes as possible. Where not everything finds a place, as much as possible, each
    /// item by its size.
    case fewestNodes = "nodes"
    /// As many items as possible on the nodes that are given.
    case mostItems = "pods"
    /// As many GPUs as possible, in thousandths, on the nodes that are given.
    case mostGPUs = "gpus"
}

/// How much work a packing may take: attempts to fit one item on one node.
///
/// Work and not time, because a clock would make the answer depend on the machine. The same budget gives the same
/// packing everywhere; a slower machine takes longer over it.
package struct PackingBudget: Hashable, Sendable {
    package var attempts: Int

    package init(attempts: Int) {
        self.attempts = attempts
    }

    /// The work that takes about `duration` on one core of 2.5 GHz.
    package init(lasting duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let whole = Double(seconds) + Double(attoseconds) / 1e18
        attempts = Int(min(max(0, whole), 86_400) * Self.attemptsPerSecond)
    }

    /// One pass and no improvement.
    package static let onePass = PackingBudget(attempts: 0)

    /// Measured on the public pods of the Alibaba trace, rounded down.
    private static let attemptsPerSecond = 10_000_000.0
}

/// Packs `items` on `nodes`, all at once: one pass, largest first, then the improvement that `budget` buys.
///
/// Pure and deterministic. Whatever was placed fits; whatever was not may still have had a place, since the problem
/// (vector bin packing with shares of devices) is NP-hard and the budget is finite.
package func pack(
    _ items: [PackingItem],
    on nodes: [PackingNode],
    goal: PackingGoal = .fewestNodes,
    budget: PackingBudget = .onePass
) -> Packing {
    let problem = PackingProblem(items, on: nodes, goal: goal)
    var board = PackingBoard(problem)
    board.fillLargestFirst()
    guard budget.attempts > 0 else { return board.packing }
    var search = PackingSearch(board, budget: budget)
    return search.run().packing
}
