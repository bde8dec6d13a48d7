/// A packing in the making: every node as it is filled, and what has no place yet.
struct PackingBoard: Sendable {
    let problem: PackingProblem
    var rooms: [PackingRoom]
    var left: PackingLeftovers
    /// Attempts to fit one item on one node, so far.
    var attempts = 0

    /// Nothing placed. What would not fit even on an empty node is left out of `left`: nothing can be done for it.
    init(_ problem: PackingProblem) {
        self.problem = problem
        rooms = problem.rooms
        let counts = problem.classes.indices.map { kind in
            let fits = problem.rooms.contains { $0.devices(for: problem.classes[kind]) != nil }
            return fits ? problem.members[kind].count : 0
        }
        left = PackingLeftovers(counts: counts, values: problem.values)
    }

    /// Places as many of the leftovers of `kind` on `room` as fit.
    mutating func fill(_ room: Int, with kind: Int) {
        var placed = 0
        let count = left.counts[kind]
        while placed < count, rooms[room].seat(problem.classes[kind], number: kind) { placed += 1 }
        attempts += placed + 1
        if placed > 0 { left.take(kind, count: placed) }
    }

    /// Sends away each item on `node` with the chance `share`, and returns their classes.
    mutating func vacate(_ node: Int, share: Double, by random: inout SplitMix64) -> [Int] {
        var positions: [Int] = []
        for position in rooms[node].seats.indices.reversed() where random.unit() < share { positions.append(position) }
        return vacate(node, positions)
    }

    /// Sends away all items on `node`, and returns their classes.
    @discardableResult
    mutating func vacate(_ node: Int) -> [Int] { vacate(node, rooms[node].seats.indices.reversed()) }

    private mutating func vacate(_ node: Int, _ positions: [Int]) -> [Int] {
        let kinds = positions.map { rooms[node].seats[$0].kind }
        rooms[node].vacate(positions, problem.classes)
        for kind in kinds { left.add(kind) }
        return kinds
    }

    /// Makes nodes what they were, and the leftovers with them.
    mutating func restore(_ saved: [(node: Int, room: PackingRoom)]) {
        for (node, _) in saved {
            for seat in rooms[node].seats { left.add(seat.kind) }
        }
        for (node, room) in saved {
            rooms[node] = room
            for seat in room.seats { left.take(seat.kind) }
        }
    }

    /// First fit decreasing (Johnson, 1973): the items that are worth most for their size first, among equals the
    /// largest, each on the first node with room, the largest node first.
    mutating func fillLargestFirst() {
        let nodes = rooms.indices.map { (worth: problem.prices.price(of: rooms[$0]), index: $0) }
            .sorted { ($1.worth, $0.index) < ($0.worth, $1.index) }
        let kinds = left.kinds.map { (density: problem.density(of: $0), size: problem.sizes[$0], kind: $0) }
            .sorted { ($1.density, $1.size, $0.kind) < ($0.density, $0.size, $1.kind) }
        for (_, _, kind) in kinds {
            for (_, node) in nodes where left.counts[kind] > 0 { fill(node, with: kind) }
        }
    }

    /// Who stands where, by item and node; of equal items the first ones on the first nodes.
    var packing: Packing {
        var seats = [Packing.Seat?](repeating: nil, count: problem.itemCount)
        var next = problem.members.map { $0[...] }
        for (node, room) in rooms.enumerated() {
            for seat in room.seats {
                guard let item = next[seat.kind].popFirst() else {
                    preconditionFailure("a class has as many seats as members at most")
                }
                let devices = (0..<PackingNode.mostDevices).filter { seat.devices & (1 << UInt64($0)) != 0 }
                seats[item] = Packing.Seat(node: node, devices: devices)
            }
        }
        return Packing(seats: seats)
    }
}

extension PackingProblem {
    /// What an item of `kind` is worth for its size. Where worth is size, all are equal, without a rounding error.
    func density(of kind: Int) -> Double {
        guard goal != .fewestNodes else { return 1 }
        return sizes[kind] > 0 ? values[kind] / sizes[kind] : .infinity
    }
}
