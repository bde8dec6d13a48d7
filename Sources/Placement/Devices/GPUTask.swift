import CapacityModel

/// What one instance with GPUs asks for, as far as it decides which GPUs are of use to it.
struct GPUTask: Hashable, Comparable, Sendable {
    /// The model it asks for; `nil` where it takes any.
    var model: String?
    /// How many devices it is on.
    var devices: Int
    /// What it takes of each, in thousandths.
    var milli: Int64
    var vcpuMilli: Int64 = 0
    var memoryMiB: Int64 = 0

    /// What it takes of GPUs in all, in thousandths of a device.
    var gpuMilli: Int64 { Int64(devices) * milli }

    func takes(_ model: String) -> Bool { self.model == nil || self.model == model }

    static func < (left: GPUTask, right: GPUTask) -> Bool {
        (left.model ?? "", left.devices, left.milli, left.vcpuMilli, left.memoryMiB)
            < (right.model ?? "", right.devices, right.milli, right.vcpuMilli, right.memoryMiB)
    }
}

extension GPUTask {
    /// `nil` for a unit without GPUs.
    init?(_ unit: Resources) {
        guard let use = unit.gpuUse else { return nil }
        self.init(
            model: unit.gpuModel, devices: use.devices, milli: use.milli, vcpuMilli: unit.vcpuMilli,
            memoryMiB: unit.memoryMiB)
    }
}
