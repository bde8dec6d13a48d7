/// A number of `nodes` below which `items` cannot be run, however they are packed.
///
/// A surrogate relaxation (Glover, 1968): under any prices of vCPU, memory and GPUs that are not negative, the dearest
/// nodes together must be worth what the items are. The largest bound over a grid of prices comes close to that of the
/// linear program over these three sums. That items are whole, and stand on one node each, is left out of it.
package func leastNodes(for items: [PackingItem], on nodes: [PackingNode]) -> Int {
    let asked = PackingSums(
        vcpu: items.reduce(0) { $0 + Double($1.vcpuMilli) },
        memory: items.reduce(0) { $0 + Double($1.memoryMiB) },
        gpu: items.reduce(0) { $0 + Double($1.gpu.milli) }
    )
    let has = nodes.map { node in
        PackingSums(
            vcpu: Double(node.vcpuMilli),
            memory: Double(node.memoryMiB),
            gpu: Double(node.deviceMilli.reduce(0, +))
        )
    }
    var most = 0
    for vcpu in 0...PackingSums.grid {
        for memory in stride(from: 0, through: PackingSums.grid - vcpu, by: 8) {
            let gpu = PackingSums.grid - vcpu - memory
            let shares = (Double(vcpu), Double(memory), Double(gpu))
            most = max(most, asked.covering(has, shares: shares))
        }
    }
    return most
}

private struct PackingSums {
    var vcpu: Double
    var memory: Double
    var gpu: Double

    /// Prices are in parts of so many.
    static let grid = 64

    /// How many of the dearest nodes are worth these sums, each of which is worth its share.
    func covering(_ nodes: [PackingSums], shares: (vcpu: Double, memory: Double, gpu: Double)) -> Int {
        func price(_ share: Double, _ sum: Double) -> Double { sum > 0 ? share / sum : 0 }
        let prices = (price(shares.vcpu, vcpu), price(shares.memory, memory), price(shares.gpu, gpu))
        let worth = nodes.map { $0.vcpu * prices.0 + $0.memory * prices.1 + $0.gpu * prices.2 }.sorted(by: >)
        // A little less than all, lest a rounded sum ask for a node too many.
        var rest = vcpu * prices.0 + memory * prices.1 + gpu * prices.2 - 1e-6
        var count = 0
        for worth in worth where rest > 0 {
            rest -= worth
            count += 1
        }
        return count
    }
}
