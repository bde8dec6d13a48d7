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
            gpuModel: gpu?.model, gpuCount: gpu?.count ?? 0, gpuShareMilli: gpu?.shareMilli ?? 0
        )
    }

    private static func readGPU(_ reader: FieldReader) -> (model: String, count: Int64, shareMilli: Int64)? {
        defer { reader.finish() }
        let model = reader.string("model", required: true, maxLength: 64)
        let asked = reader.number("count", in: -.greatestFiniteMagnitude ... .greatestFiniteMagnitude) ?? 1
        let milli = (asked * 1_000).rounded()
        if asked == asked.rounded(), OrderLimits.gpuCount.contains(Int64(exactly: asked) ?? 0) {
            return model.map { ($0, Int64(asked), 0) }
        }
        if abs(asked * 1_000 - milli) < 1e-6, OrderLimits.gpuShareMilli.contains(Int64(exactly: milli) ?? 0) {
            return model.map { ($0, 0, Int64(milli)) }
        }
        reader.report(
            "count", .outOfRange,
            "whole devices from \(OrderLimits.gpuCount.lowerBound) to \(OrderLimits.gpuCount.upperBound), or a share of "
                + "one device from 0.001 to 0.999 in steps of 0.001; found \(asked)"
        )
        return nil
    }
}
