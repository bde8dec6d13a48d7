import Placement

extension PackingReport {
    /// Machines of one shape in a row, those with most GPUs first.
    var shapes: Table {
        var uses: [Shape: Use] = [:]
        for node in nodes { uses[Shape(node), default: Use()].given += 1 }
        for node in packing.usedNodes { uses[Shape(nodes[node]), default: Use()].nodes += 1 }
        for (item, seat) in zip(items, packing.seats) {
            if let seat { uses[Shape(nodes[seat.node]), default: Use()].add(item) }
        }
        var table = Table([
            .text("GPUs"), .number("vCPU"), .number("memory MiB"), .number("nodes"), .number("pods"),
            .number("vCPU used"), .number("memory used"), .number("GPUs used"),
        ])
        for (shape, use) in uses.sorted(by: { $1.key < $0.key }) {
            let devices = shape.devices * PackingNode.wholeDevice * use.nodes
            table.add(
                shape.devices > 0 ? "\(shape.devices) \(shape.model)" : "-",
                plain(Double(shape.vcpuMilli) / 1_000), "\(shape.memoryMiB)", "\(use.nodes) of \(use.given)",
                "\(use.pods)", use.share(use.vcpuMilli, of: shape.vcpuMilli),
                use.share(use.memoryMiB, of: shape.memoryMiB), devices > 0 ? percent(use.gpuMilli, of: devices) : "-"
            )
        }
        return table
    }
}

/// Machines that differ by name only.
private struct Shape: Hashable, Comparable {
    var devices: Int
    var model: String
    var vcpuMilli: Int64
    var memoryMiB: Int64

    init(_ node: PackingNode) {
        devices = node.deviceMilli.count
        model = node.gpuModel ?? ""
        vcpuMilli = node.vcpuMilli
        memoryMiB = node.memoryMiB
    }

    static func < (one: Shape, other: Shape) -> Bool {
        (one.devices, one.model, one.vcpuMilli, one.memoryMiB)
            < (other.devices, other.model, other.vcpuMilli, other.memoryMiB)
    }
}

/// What is taken of all machines of one shape.
private struct Use {
    var given = 0
    var nodes = 0
    var pods = 0
    var vcpuMilli: Int64 = 0
    var memoryMiB: Int64 = 0
    var gpuMilli = 0

    mutating func add(_ item: PackingItem) {
        pods += 1
        vcpuMilli += item.vcpuMilli
        memoryMiB += item.memoryMiB
        gpuMilli += item.gpu.milli
    }

    /// Of the machines that are used.
    func share(_ part: Int64, of each: Int64) -> String {
        nodes > 0 ? percent(Int(part), of: Int(each) * nodes) : "-"
    }
}
