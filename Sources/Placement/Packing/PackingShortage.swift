/// Why an item has no place, told from the nodes as they are and as they would be empty.
package struct PackingShortage: Hashable, Sendable {
    package enum Bound: String, Hashable, Sendable, CaseIterable {
        /// No node carries a GPU that the item accepts.
        case model
        case vcpu, memory, gpu
        /// Each by itself is there, but on no one node.
        case together
    }

    package var bound: Bound
    /// Whether even the empty nodes are too small. If not, it is the other items that stand in the way.
    package var isTooLarge: Bool
    /// One sentence, with what was asked for and the most there is.
    package var detail: String
}

extension Packing {
    /// Beside `items`: why each has no place; `nil` where it has one.
    package func shortages(of items: [PackingItem], on nodes: [PackingNode]) -> [PackingShortage?] {
        var left = nodes
        for (seat, item) in zip(seats, items) {
            guard let seat else { continue }
            left[seat.node].vcpuMilli -= item.vcpuMilli
            left[seat.node].memoryMiB -= item.memoryMiB
            for device in seat.devices { left[seat.node].deviceMilli[device] -= item.gpu.perDevice }
        }
        var known: [PackingItem: PackingShortage] = [:]
        return zip(seats, items).map { seat, item in
            guard seat == nil else { return nil }
            var nameless = item
            nameless.name = ""
            if let shortage = known[nameless] { return shortage }
            let shortage = shortage(of: item, empty: nodes, left: left)
            known[nameless] = shortage
            return shortage
        }
    }

    private func shortage(of item: PackingItem, empty: [PackingNode], left: [PackingNode]) -> PackingShortage {
        let mayStand = empty.indices.filter { item.accepts(empty[$0]) }
        guard !mayStand.isEmpty else {
            let models = item.models.isEmpty ? "a GPU" : item.models.sorted().joined(separator: " or ")
            return PackingShortage(bound: .model, isTooLarge: true, detail: "no node has \(models)")
        }
        if let (bound, text) = bound(of: item, on: mayStand.map { empty[$0] }) {
            let detail = "even empty, " + (text ?? "no node has all of it together")
            return PackingShortage(bound: bound, isTooLarge: true, detail: detail)
        }
        if let (bound, text) = bound(of: item, on: mayStand.map { left[$0] }) {
            let detail = "the nodes are full: " + (text ?? "none has all of it left together")
            return PackingShortage(bound: bound, isTooLarge: false, detail: detail)
        }
        return PackingShortage(bound: .together, isTooLarge: false, detail: "there is room; more budget would find it")
    }

    /// What keeps `item` from all of `nodes`, which it accepts; `nil` where one takes it.
    private func bound(of item: PackingItem, on nodes: [PackingNode]) -> (PackingShortage.Bound, String?)? {
        let vcpu = nodes.map(\.vcpuMilli).max() ?? 0
        if vcpu < item.vcpuMilli {
            return (.vcpu, "\(coresText(item.vcpuMilli)) vCPU asked for, at most \(coresText(vcpu)) on one node")
        }
        let memory = nodes.map(\.memoryMiB).max() ?? 0
        if memory < item.memoryMiB {
            return (.memory, "\(item.memoryMiB) MiB asked for, at most \(memory) on one node")
        }
        switch item.gpu {
        case .none: break
        case .share(let milli):
            let most = nodes.flatMap(\.deviceMilli).max() ?? 0
            if most < milli { return (.gpu, "\(milli) thousandths of a GPU asked for, at most \(most) on one device") }
        case .whole(let count):
            let most = nodes.map(\.wholeDeviceCount).max() ?? 0
            if most < count { return (.gpu, "\(count) whole GPUs asked for, at most \(most) on one node") }
        }
        let fits = nodes.contains { node in
            let devices = node.deviceMilli.count { $0 >= item.gpu.perDevice }
            return node.vcpuMilli >= item.vcpuMilli && node.memoryMiB >= item.memoryMiB
                && devices >= item.gpu.deviceCount
        }
        return fits ? nil : (.together, nil)
    }
}

extension PackingItem {
    fileprivate func accepts(_ node: PackingNode) -> Bool {
        guard gpu != .none else { return true }
        guard !node.deviceMilli.isEmpty else { return false }
        return models.isEmpty || node.gpuModel.map(models.contains) ?? false
    }
}

extension PackingNode {
    fileprivate var wholeDeviceCount: Int { deviceMilli.count { $0 >= Self.wholeDevice } }
}
