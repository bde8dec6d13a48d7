/// What a core, a MiB and a thousandth of a device are worth, so that nodes and items have one size each.
///
/// What the mix is short of is dear: all there is of a resource is worth the square of the share of it that the mix
/// asks for, scaled so that an average node is worth 1. With equal prices a heuristic would hoard what nobody wants.
struct PackingPrices: Sendable {
    let vcpuMilli: Double
    let memoryMiB: Double
    let gpuMilli: Double

    init(_ classes: [PackingProblem.Class], counts: [Int], nodes: [PackingNode]) {
        var asked = (vcpu: 0.0, memory: 0.0, gpu: 0.0)
        for (kind, count) in zip(classes, counts) {
            asked.vcpu += Double(kind.vcpuMilli) * Double(count)
            asked.memory += Double(kind.memoryMiB) * Double(count)
            asked.gpu += Double(kind.perDevice * kind.deviceCount) * Double(count)
        }
        let has = (
            vcpu: nodes.reduce(0) { $0 + Double($1.vcpuMilli) },
            memory: nodes.reduce(0) { $0 + Double($1.memoryMiB) },
            gpu: nodes.reduce(0) { $0 + Double($1.deviceMilli.reduce(0, +)) }
        )
        func demand(_ asked: Double, _ has: Double) -> Double { has > 0 ? asked / has : 0 }
        let weights = [
            demand(asked.vcpu, has.vcpu), demand(asked.memory, has.memory), demand(asked.gpu, has.gpu),
        ].map { $0 * $0 }
        let sum = weights.reduce(0, +)
        func price(_ weight: Double, _ has: Double) -> Double {
            sum > 0 && has > 0 ? weight / sum * Double(nodes.count) / has : 0
        }
        vcpuMilli = price(weights[0], has.vcpu)
        memoryMiB = price(weights[1], has.memory)
        gpuMilli = price(weights[2], has.gpu)
    }

    func price(of kind: PackingProblem.Class) -> Double {
        Double(kind.vcpuMilli) * vcpuMilli + Double(kind.memoryMiB) * memoryMiB
            + Double(kind.perDevice * kind.deviceCount) * gpuMilli
    }

    /// What is left of `room`.
    func price(of room: PackingRoom) -> Double {
        Double(room.vcpuMilli) * vcpuMilli + Double(room.memoryMiB) * memoryMiB + Double(room.gpuMilli) * gpuMilli
    }
}
