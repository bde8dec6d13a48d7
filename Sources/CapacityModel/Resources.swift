/// What one instance takes or one host has: a vector of amounts, each in the unit of its name.
///
/// GPUs are of one model: a host's `gpuModel` is the model it carries; a spec without GPUs has none. An instance takes
/// whole devices or a share of one device, never both.
package struct Resources: Hashable, Sendable, Codable {
    package var vcpuMilli: Int64
    package var memoryMiB: Int64
    package var diskGiB: Int64
    package var bandwidthMbps: Int64
    package var gpuModel: String?
    /// Whole devices.
    package var gpuCount: Int64
    /// The share of one device, in thousandths of it. Of a host nothing: its devices are whole.
    package var gpuShareMilli: Int64

    package init(
        vcpuMilli: Int64,
        memoryMiB: Int64,
        diskGiB: Int64 = 0,
        bandwidthMbps: Int64 = 0,
        gpuModel: String? = nil,
        gpuCount: Int64 = 0,
        gpuShareMilli: Int64 = 0
    ) {
        self.vcpuMilli = vcpuMilli
        self.memoryMiB = memoryMiB
        self.diskGiB = diskGiB
        self.bandwidthMbps = bandwidthMbps
        self.gpuModel = gpuModel
        self.gpuCount = gpuCount
        self.gpuShareMilli = gpuShareMilli
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
            gpuCount: unit.gpuCount * count,
            gpuShareMilli: unit.gpuShareMilli * count
        )
    }

    /// Adds the amounts; the model stays that of the left side, which is the host's.
    package static func += (sum: inout Resources, other: Resources) {
        sum.vcpuMilli += other.vcpuMilli
        sum.memoryMiB += other.memoryMiB
        sum.diskGiB += other.diskGiB
        sum.bandwidthMbps += other.bandwidthMbps
        sum.gpuCount += other.gpuCount
        sum.gpuShareMilli += other.gpuShareMilli
    }

    package static func -= (sum: inout Resources, other: Resources) {
        sum.vcpuMilli -= other.vcpuMilli
        sum.memoryMiB -= other.memoryMiB
        sum.diskGiB -= other.diskGiB
        sum.bandwidthMbps -= other.bandwidthMbps
        sum.gpuCount -= other.gpuCount
        sum.gpuShareMilli -= other.gpuShareMilli
    }

    /// How many times `unit` fits into these amounts; 0 where a GPU of another model is asked for. What shares take of
    /// which device is not seen here.
    package func fits(_ unit: Resources) -> Int {
        if unit.gpuUse != nil, let model = unit.gpuModel, model != gpuModel { return 0 }
        var count = Int64.max
        if unit.vcpuMilli > 0 { count = min(count, vcpuMilli / unit.vcpuMilli) }
        if unit.memoryMiB > 0 { count = min(count, memoryMiB / unit.memoryMiB) }
        if unit.diskGiB > 0 { count = min(count, diskGiB / unit.diskGiB) }
        if unit.bandwidthMbps > 0 { count = min(count, bandwidthMbps / unit.bandwidthMbps) }
        switch unit.gpuUse {
        case .whole(let devices): count = min(count, gpuCount / devices)
        case .share(let milli): count = min(count, gpuCount * (GPUUse.device / milli))
        case nil: break
        }
        return count == .max ? 0 : Int(max(0, count))
    }
}

extension Resources {
    /// Reads what a version without shares wrote as well: quotes outlive an upgrade.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            vcpuMilli: try values.decode(Int64.self, forKey: .vcpuMilli),
            memoryMiB: try values.decode(Int64.self, forKey: .memoryMiB),
            diskGiB: try values.decode(Int64.self, forKey: .diskGiB),
            bandwidthMbps: try values.decode(Int64.self, forKey: .bandwidthMbps),
            gpuModel: try values.decodeIfPresent(String.self, forKey: .gpuModel),
            gpuCount: try values.decode(Int64.self, forKey: .gpuCount),
            gpuShareMilli: try values.decodeIfPresent(Int64.self, forKey: .gpuShareMilli) ?? 0
        )
    }
}
