import Placement

/// A few nodes and pods, drawn so that little fits by chance.
struct TinyMix {
    var nodes: [PackingNode]
    var items: [PackingItem]

    init(random: inout SplitMix64) {
        let models = ["T4", "G2"]
        nodes = (0..<(1 + random.below(3))).map { index in
            let devices = random.below(3)
            return PackingNode(
                name: "n\(index)",
                vcpuMilli: Int64(4 + random.below(8)) * 1_000,
                memoryMiB: Int64(4 + random.below(8)) * 1_024,
                gpuModel: devices > 0 ? models[random.below(2)] : nil,
                deviceMilli: [Int](repeating: 1_000, count: devices)
            )
        }
        items = (0..<(1 + random.below(6))).map { index in
            let gpu: PackingItem.GPU =
                switch random.below(4) {
                case 0: .none
                case 1: .whole(count: 1 + random.below(2))
                default: .share(milli: [330, 400, 500, 610, 810][random.below(5)])
                }
            let wanted = [[], [], ["T4"], ["G2"], ["T4", "G2"]][random.below(5)]
            return PackingItem(
                name: "p\(index)",
                vcpuMilli: Int64(1 + random.below(6)) * 1_000,
                memoryMiB: Int64(random.below(6)) * 1_024,
                gpu: gpu,
                models: Set(wanted)
            )
        }
    }
}
