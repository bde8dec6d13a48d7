import CapacityAPI
import Placement

extension PackingReport {
    /// All of it for a program: each placement with its devices, and each pod without a place with its reason.
    var json: JSONValue {
        let placements = zip(items, packing.seats).compactMap { item, seat in
            seat.map { seat in
                JSONValue.object([
                    "pod": .string(item.name), "node": .string(nodes[seat.node].name),
                    "devices": .array(seat.devices.map(QueueJSON.number)),
                ])
            }
        }
        let unplaced = zip(items, packing.shortages(of: items, on: nodes)).compactMap { item, shortage in
            shortage.map { shortage in
                JSONValue.object([
                    "pod": .string(item.name), "bound": .string(shortage.bound.rawValue),
                    "tooLarge": .bool(shortage.isTooLarge), "detail": .string(shortage.detail),
                ])
            }
        }
        return .object([
            "nodesGiven": QueueJSON.number(nodes.count), "nodesUsed": QueueJSON.number(packing.usedNodes.count),
            "nodesAtLeast": QueueJSON.number(leastNodes(for: placed, on: nodes)),
            "gpuMilliPlaced": QueueJSON.number(packing.gpuMilli(of: items)),
            "placements": .array(placements), "unplaced": .array(unplaced),
        ])
    }
}
