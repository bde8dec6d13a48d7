import CapacityModel

/// What is free of hosts and of no use to any of the usual shapes, because of the other resource too little is left beside it.
///
/// Of each host as much as can be is given to shapes in the order of their memory for each core: those with the least first leave the
/// fewest cores over, those with the most first the least memory.
struct Stranded {
    /// By so much the shares may exceed what the fleet has so.
    private static let most = 0.02

    /// From the least memory for each core to the most; of equals the largest first.
    private let lean: [Resources]
    private let rich: [Resources]
    private var free = Resources.zero
    private var left = (vcpuMilli: Int64(0), memoryMiB: Int64(0))

    init(shapes: [Resources]) {
        func ratio(_ shape: Resources) -> Double { Double(shape.memoryMiB) / Double(shape.vcpuMilli) }
        lean = shapes.sorted { (ratio($0), $1.vcpuMilli) < (ratio($1), $0.vcpuMilli) }
        rich = shapes.sorted { (ratio($1), $1.vcpuMilli) < (ratio($0), $0.vcpuMilli) }
    }

    /// The shares of the vCPU and of the memory that were free. The floor is what would be over if all that is free were one
    /// host: the fleet has it so, wherever instances stand.
    func results() -> [BenchResult] {
        let sides = [
            ("vcpu", left.vcpuMilli, filled(free, by: lean).vcpuMilli, free.vcpuMilli),
            ("memory", left.memoryMiB, filled(free, by: rich).memoryMiB, free.memoryMiB),
        ]
        return sides.map { name, left, floor, free in
            let (ours, least) = (Double(left) / Double(max(1, free)), Double(floor) / Double(max(1, free)))
            return BenchResult(
                key: "slots.stranded_\(name)", value: ours, unit: "1", goal: least + Self.most,
                holds: ours <= least + Self.most, ours: ours, floor: least)
        }
    }

    /// Counts what is free of one host at one instant.
    mutating func add(_ host: Resources) {
        free += host
        left.vcpuMilli += filled(host, by: lean).vcpuMilli
        left.memoryMiB += filled(host, by: rich).memoryMiB
    }

    private func filled(_ host: Resources, by shapes: [Resources]) -> Resources {
        shapes.reduce(into: host) { left, shape in left -= shape * left.fits(shape) }
    }
}
