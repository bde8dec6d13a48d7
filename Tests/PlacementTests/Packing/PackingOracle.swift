import Placement

/// The best packing of a tiny instance, by trying every seat of every item.
struct PackingOracle {
    /// The most items, and the most thousandths of GPUs, that have a place together.
    private(set) var mostItems = 0
    private(set) var mostGPUMilli = 0
    /// The fewest nodes for all items; `nil` where not all have a place.
    private(set) var fewestNodes: Int?

    private let items: [PackingItem]

    init(_ items: [PackingItem], on nodes: [PackingNode]) {
        self.items = items
        explore(0, nodes, used: [], placed: 0, milli: 0)
    }

    private mutating func explore(_ index: Int, _ nodes: [PackingNode], used: Set<Int>, placed: Int, milli: Int) {
        guard index < items.count else {
            mostItems = max(mostItems, placed)
            mostGPUMilli = max(mostGPUMilli, milli)
            if placed == items.count { fewestNodes = min(fewestNodes ?? .max, used.count) }
            return
        }
        let item = items[index]
        for (position, node) in nodes.enumerated() {
            for after in Self.placements(of: item, on: node) {
                var next = nodes
                next[position] = after
                let more = Self.milli(item)
                explore(index + 1, next, used: used.union([position]), placed: placed + 1, milli: milli + more)
            }
        }
        explore(index + 1, nodes, used: used, placed: placed, milli: milli)
    }

    /// The node after each way to stand on it.
    private static func placements(of item: PackingItem, on node: PackingNode) -> [PackingNode] {
        guard node.vcpuMilli >= item.vcpuMilli, node.memoryMiB >= item.memoryMiB else { return [] }
        var after = node
        after.vcpuMilli -= item.vcpuMilli
        after.memoryMiB -= item.memoryMiB
        if item.gpu == .none { return [after] }
        guard item.models.isEmpty || node.gpuModel.map(item.models.contains) == true else { return [] }
        switch item.gpu {
        case .none: return [after]
        case .share(let milli):
            return node.deviceMilli.indices.filter { node.deviceMilli[$0] >= milli }.map { device in
                var with = after
                with.deviceMilli[device] -= milli
                return with
            }
        case .whole(let count):
            // Whole devices are all alike.
            let free = node.deviceMilli.indices.filter { node.deviceMilli[$0] == 1_000 }
            guard free.count >= count else { return [] }
            for device in free.prefix(count) { after.deviceMilli[device] = 0 }
            return [after]
        }
    }

    private static func milli(_ item: PackingItem) -> Int {
        switch item.gpu {
        case .none: 0
        case .share(let milli): milli
        case .whole(let count): count * 1_000
        }
    }
}
