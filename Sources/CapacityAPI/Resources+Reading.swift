import CapacityModel

extension Resources {
    /// The amounts of one instance, among the other fields of `reader`'s object.
    static func read(_ reader: FieldReader) -> Resources? {
        let vcpu = reader.number("vcpu", required: true, in: OrderLimits.vcpu)
        let memory = reader.integer("memoryMiB", required: true, in: OrderLimits.memoryMiB)
        let disk = reader.integer("diskGiB", in: OrderLimits.diskGiB) ?? 0
        let bandwidth = reader.integer("bandwidthMbps", in: OrderLimits.bandwidthMbps) ?? 0
        let gpu = reader.object("gpu").flatMap(readGPU)
        guard let vcpu, let memory else { return nil }
        return Resources(
            vcpuMilli: Int64((vcpu * 1_000).rounded()), memoryMiB: memory, diskGiB: disk, bandwidthMbps: bandwidth,
            gpuModel: gpu?.model, gpuCount: gpu?.count ?? 0
        )
    }

    private static func readGPU(_ reader: FieldReader) -> (model: String, count: Int64)? {
        defer { reader.finish() }
        let model = reader.string("model", required: true, maxLength: 64)
        let count = reader.integer("count", in: OrderLimits.gpuCount) ?? 1
        return model.map { ($0, count) }
    }
}
