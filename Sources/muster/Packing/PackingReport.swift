import Placement

/// What a packing says to an operator: which machines it takes, how full they are, what has no place and why.
struct PackingReport {
    let items: [PackingItem]
    let nodes: [PackingNode]
    let packing: Packing

    /// What has a place.
    var placed: [PackingItem] {
        zip(items, packing.seats).compactMap { item, seat in seat == nil ? nil : item }
    }

    var text: String {
        let used = packing.usedNodes.count
        let least = leastNodes(for: placed, on: nodes)
        let count = "\(packing.placedCount) of \(items.count) pods run on \(used) of \(nodes.count) nodes"
        let bound = used > least ? "fewer than \(least) can never do" : "fewer can never do"
        let parts = ["\(count); \(bound)\n", shapes.text, missing?.text].compactMap { $0 }
        return parts.joined(separator: "\n")
    }

    /// Pods of one size without a place in a row, in the order of the file; `nil` where all have one.
    private var missing: Table? {
        var counts: [PackingItem: Int] = [:]
        var rows: [(item: PackingItem, why: String)] = []
        for (item, shortage) in zip(items, packing.shortages(of: items, on: nodes)) {
            guard let shortage else { continue }
            var nameless = item
            nameless.name = ""
            if counts[nameless] == nil { rows.append((nameless, shortage.detail)) }
            counts[nameless, default: 0] += 1
        }
        guard !rows.isEmpty else { return nil }
        var table = Table([
            .number("no place for"), .number("vCPU"), .number("memory MiB"), .number("GPUs"), .text("models"),
            .text("why"),
        ])
        for (item, why) in rows {
            table.add(
                "\(counts[item] ?? 0)", plain(Double(item.vcpuMilli) / 1_000), "\(item.memoryMiB)",
                plain(Double(item.gpu.milli) / 1_000),
                item.models.isEmpty ? "any" : item.models.sorted().joined(separator: " "), why
            )
        }
        return table
    }
}
