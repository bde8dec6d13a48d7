/// What one instance takes or one host has: a vector of amounts, each in the unit of its name.
///
/// GPUs count whole devices of one model. A host's `gpuModel` is the model it carries; a spec without GPUs has none.
package struct Resources: Hashable, Sendable, Codable {
    package var vcpuMilli: Int64
    package var memoryMiB: Int64
    package var diskGiB: Int64
    package var bandwidthMbps: Int64
    package var gpuModel: String?
    package var gpuCount: Int64

    package init(
        vcpuMilli: Int64,
        memoryMiB: Int64,
        diskGiB: Int64 = 0,
        bandwidthMbps: Int64 = 0,
        gpuModel: String? = nil,
        gpuCount: Int64 = 0
    ) {
        self.vcpuMilli = vcpuMilli
        self.memoryMiB = memoryMiB
        self.diskGiB = diskGiB
        self.bandwidthMbps = bandwidthMbps
        self.gpuModel = gpuModel
        self.gpuCount = gpuCount
    }

    package static let zero = Resources(vcpuMilli: 0, memoryMiB: 0)

    package static func * (unit: Resources, count: Int) -> Resources {
        let count = Int64(count)
        return Resources(
            vcpuMilli: unit.vcpuMilli * count,
            memoryMiB: unit.memoryMiB * count,
            diskGiB: unit.diskGiB * count,
            bandwidthMbps: unit.bandwidthMbps * count,
            gpuModel: unit.gpuModel,
            gpuCount: unit.gpuCount * count
        )
    }

    /// Adds the amounts; the model stays that of the left side, which is the host's.
    package static func += (sum: inout Resources, other: Resources) {
        sum.vcpuMilli += other.vcpuMilli
        sum.memoryMiB += other.memoryMiB
        sum.diskGiB += other.diskGiB
        sum.bandwidthMbps += other.bandwidthMbps
        sum.gpuCount += other.gpuCount
    }

    package static func -= (sum: inout Resources, other: Resources) {
        sum.vcpuMilli -= other.vcpuMilli
        sum.memoryMiB -= other.memoryMiB
        sum.diskGiB -= other.diskGiB
        sum.bandwidthMbps -= other.bandwidthMbps
        sum.gpuCount -= other.gpuCount
    }

    /// How many times `unit` fits into these amounts; 0 where a GPU of another model is asked for.
    package func fits(_ unit: Resources) -> Int {
        if unit.gpuCount > 0, let model = unit.gpuModel, model != gpuModel { return 0 }
        var count = Int64.max
        if unit.vcpuMilli > 0 { count = min(count, vcpuMilli / unit.vcpuMilli) }
        if unit.memoryMiB > 0 { count = min(count, memoryMiB / unit.memoryMiB) }
        if unit.diskGiB > 0 { count = min(count, diskGiB / unit.diskGiB) }
        if unit.bandwidthMbps > 0 { count = min(count, bandwidthMbps / unit.bandwidthMbps) }
        if unit.gpuCount > 0 { count = min(count, gpuCount / unit.gpuCount) }
        return count == .max ? 0 : Int(max(0, count))
    }
}
