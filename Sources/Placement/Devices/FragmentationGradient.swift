import CapacityModel

/// By how much the free GPUs of a host become of less use to the mix when something is placed there: Fragmentation Gradient
/// Descent (Weng et al., USENIX ATC 2023), with the mix that stands in the ledger.
///
/// A host's fragment for a kind is what is free of its GPUs and of no use to one more instance of that kind: all of it where
/// the instance does not fit or asks for another model, otherwise what is free on devices with too little. The expectation is
/// over the mix, each kind by what it takes of GPUs. Whole numbers, so that every machine decides alike.
struct FragmentationGradient: Sendable {
    /// A kind that a model of GPU is of use to.
    private struct Kind: Sendable {
        var devices: Int
        var milli: Int64
        var vcpuMilli: Int64
        var memoryMiB: Int64
        /// Its part of the mix, in millionths.
        var weight: Int64
    }

    /// What is being placed.
    let task: GPUTask
    /// How many instances are placed at a time.
    let chunk: Int
    private let models: [String]
    /// Beside `models`.
    private let kinds: [[Kind]]
    /// Beside `models`: the parts of the kinds that ask for another.
    private let foreign: [Int64]

    /// Of shares so many steps are made at most, some ten milliseconds: of larger orders several go to one device at a time.
    private static let mostSteps = 4_096

    /// `nil` for a demand without GPUs.
    init?(for demand: Demand, on inventory: Inventory) {
        guard let task = GPUTask(demand.unit) else { return nil }
        self.task = task
        chunk = max(1, (demand.count + Self.mostSteps - 1) / Self.mostSteps)
        let mix = inventory.gpuMix.kinds(beside: task)
        let sum = mix.reduce(0) { $0 + $1.milli }
        models = task.model.map { [$0] } ?? inventory.gpuModels
        var foreign = models.map { _ in Int64(0) }
        kinds = models.indices.map { [models] model in
            mix.compactMap { task, milli in
                let weight = Int64(Double(milli) / Double(sum) * 1_000_000)
                guard task.takes(models[model]) else {
                    foreign[model] += weight
                    return nil
                }
                return Kind(
                    devices: task.devices, milli: task.milli, vcpuMilli: task.vcpuMilli, memoryMiB: task.memoryMiB,
                    weight: weight)
            }
        }
        self.foreign = foreign
    }

    /// The position of a model among those that are told apart.
    func position(of model: String?) -> Int { models.firstIndex { $0 == model } ?? 0 }

    /// The expected fragment of a host in this state, in billionths of a device.
    func fragment(of room: GPUHostRoom) -> Int64 {
        let all = room.free.reduce(0) { $0 + max(0, $1) }
        var sum = foreign[room.model] * all
        for kind in kinds[room.model] {
            var (useful, lost) = (0, Int64(0))
            if kind.vcpuMilli <= room.vcpuMilli, kind.memoryMiB <= room.memoryMiB {
                for free in room.free {
                    if free >= kind.milli { useful += 1 } else { lost += max(0, free) }
                }
            }
            sum += kind.weight * (useful >= kind.devices ? lost : all)
        }
        return sum
    }
}
