import CapacityModel

/// What was seen of a host with GPUs: what is free of it throughout the window, and of its devices.
struct GPULook: Sendable {
    let host: Int
    let free: Amounts
    let devices: DeviceRoom
}

/// The hosts with GPUs that an order can have, as they are before it and as the fragmentation gradient would leave them, rules
/// apart.
///
/// Mostly the counts per site are what the gradient gave, since that is taken first; then a plan is read off the
/// difference. Where rules ask for others, only the hosts of that site are filled anew.
struct GPUHosts: Sendable {
    private let gradient: FragmentationGradient
    /// By host.
    private let before: [GPUHostRoom]
    /// Beside `before`: the best step of each.
    private let steps: [GPUHostRoom.Step?]
    /// Beside `before`.
    private let after: [GPUHostRoom]

    init(_ rooms: [GPUHostRoom], giving count: Int, by gradient: FragmentationGradient) {
        (self.gradient, before) = (gradient, rooms)
        steps = rooms.map { $0.best(gradient) }
        var filling = GradientFilling(rooms, steps: steps, by: gradient)
        filling.take(count)
        after = filling.rooms
    }

    /// Calls `body` with how many the gradient gives each host that gets any.
    func forEachGiven(_ body: (_ host: Int, _ count: Int) -> Void) {
        for (before, after) in zip(before, after) where after.left < before.left {
            body(before.host, before.left - after.left)
        }
    }

    /// The hosts of `range` for `count` instances, with the devices of each.
    ///
    /// - Parameter supply: The room of the hosts, under the caps of single hosts too.
    func sets(for count: Int, among range: Range<Int>, in supply: Supply) -> [GPUSet] {
        let positions = positions(in: range)
        let given = positions.reduce(0) { $0 + before[$1].left - after[$1].left }
        let isAsGiven =
            given == count
            && positions.allSatisfy { position in
                before[position].left - after[position].left <= supply.hosts[before[position].host]
            }
        if isAsGiven { return positions.flatMap { after[$0].sets(since: before[$0], gradient.task) } }
        var (rooms, steps) = (Array(before[positions]), Array(steps[positions]))
        for index in rooms.indices where rooms[index].left > supply.hosts[rooms[index].host] {
            rooms[index].lower(to: supply.hosts[rooms[index].host])
            steps[index] = rooms[index].best(gradient)
        }
        var filling = GradientFilling(rooms, steps: steps, by: gradient)
        filling.take(count)
        let sets = zip(rooms, filling.rooms).flatMap { $1.sets(since: $0, gradient.task) }
        precondition(
            sets.reduce(0) { $0 + $1.count } == count, "more instances than the supply said fit on these hosts")
        return sets
    }

    private func positions(in range: Range<Int>) -> Range<Int> {
        let first = before.partitioningIndex { $0.host >= range.lowerBound }
        return first..<before.partitioningIndex { $0.host >= range.upperBound }
    }
}

/// So many instances of which each is on all of these devices of one host.
struct GPUSet: Sendable {
    let host: Int
    let devices: [Int]
    let count: Int
}
