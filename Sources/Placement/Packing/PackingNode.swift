/// A machine that a mix is packed on: what is left of it, device by device.
package struct PackingNode: Hashable, Sendable {
    package var name: String
    /// Thousandths of a core.
    package var vcpuMilli: Int64
    package var memoryMiB: Int64
    /// The model of its GPUs; `nil` where it has none.
    package var gpuModel: String?
    /// Beside its GPUs: the thousandths of the device that are free. A node has at most `mostDevices`.
    package var deviceMilli: [Int]

    /// A seat names devices by the bits of one word.
    package static let mostDevices = 64
    /// All of one device.
    package static let wholeDevice = 1_000

    package init(
        name: String,
        vcpuMilli: Int64,
        memoryMiB: Int64,
        gpuModel: String? = nil,
        deviceMilli: [Int] = []
    ) {
        precondition(deviceMilli.count <= Self.mostDevices, "readers refuse a node of more devices")
        self.name = name
        self.vcpuMilli = vcpuMilli
        self.memoryMiB = memoryMiB
        self.gpuModel = gpuModel
        self.deviceMilli = deviceMilli
    }
}
