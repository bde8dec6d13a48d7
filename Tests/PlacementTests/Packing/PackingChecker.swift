import Placement

/// Says what is wrong with a packing, from the nodes and items alone; it shares no code with the packer.
struct PackingChecker {
    let items: [PackingItem]
    let nodes: [PackingNode]

    func faults(of packing: Packing) -> [String] {
        var faults: [String] = []
        if packing.seats.count != items.count { return ["\(packing.seats.count) seats for \(items.count) items"] }
        var left = nodes
        for (item, seat) in zip(items, packing.seats) {
            guard let seat else { continue }
            guard nodes.indices.contains(seat.node) else { return ["\(item.name) is on a node that is not there"] }
            faults += deviceFaults(of: item, at: seat)
            left[seat.node].vcpuMilli -= item.vcpuMilli
            left[seat.node].memoryMiB -= item.memoryMiB
            for device in seat.devices where nodes[seat.node].deviceMilli.indices.contains(device) {
                switch item.gpu {
                case .none: break
                case .share(let milli): left[seat.node].deviceMilli[device] -= milli
                case .whole: left[seat.node].deviceMilli[device] -= 1_000
                }
            }
        }
        for node in left {
            if node.vcpuMilli < 0 { faults.append("\(node.name) lacks \(-node.vcpuMilli) of vCPU") }
            if node.memoryMiB < 0 { faults.append("\(node.name) lacks \(-node.memoryMiB) MiB") }
            for milli in node.deviceMilli where milli < 0 { faults.append("\(node.name) lacks \(-milli) of a device") }
        }
        return faults
    }

    private func deviceFaults(of item: PackingItem, at seat: Packing.Seat) -> [String] {
        let node = nodes[seat.node]
        let wanted =
            switch item.gpu {
            case .none: 0
            case .share: 1
            case .whole(let count): count
            }
        var faults: [String] = []
        if Set(seat.devices).count != wanted || seat.devices.count != wanted {
            faults.append("\(item.name) has devices \(seat.devices)")
        }
        if !seat.devices.allSatisfy(node.deviceMilli.indices.contains) {
            faults.append("\(item.name) has a device that \(node.name) has not")
        }
        if wanted > 0, !item.models.isEmpty, !item.models.contains(node.gpuModel ?? "") {
            faults.append("\(item.name) is on a \(node.gpuModel ?? "node without GPU")")
        }
        return faults
    }
}
