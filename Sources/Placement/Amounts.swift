import CapacityModel

/// The countable part of `Resources`: five numbers and no string, so that a calendar can be scanned without counting
/// references.
struct Amounts: Hashable, Sendable {
    var vcpuMilli: Int64 = 0
    var memoryMiB: Int64 = 0
    var diskGiB: Int64 = 0
    var bandwidthMbps: Int64 = 0
    var gpuCount: Int64 = 0

    static let zero = Amounts()

    init() {}

    init(_ resources: Resources) {
        vcpuMilli = resources.vcpuMilli
        memoryMiB = resources.memoryMiB
        diskGiB = resources.diskGiB
        bandwidthMbps = resources.bandwidthMbps
        gpuCount = resources.gpuCount
    }

    static func += (sum: inout Amounts, other: Amounts) {
        sum.vcpuMilli += other.vcpuMilli
        sum.memoryMiB += other.memoryMiB
        sum.diskGiB += other.diskGiB
        sum.bandwidthMbps += other.bandwidthMbps
        sum.gpuCount += other.gpuCount
    }

    static func -= (sum: inout Amounts, other: Amounts) {
        sum.vcpuMilli -= other.vcpuMilli
        sum.memoryMiB -= other.memoryMiB
        sum.diskGiB -= other.diskGiB
        sum.bandwidthMbps -= other.bandwidthMbps
        sum.gpuCount -= other.gpuCount
    }

    static func * (unit: Amounts, count: Int) -> Amounts {
        let count = Int64(count)
        var product = unit
        product.vcpuMilli *= count
        product.memoryMiB *= count
        product.diskGiB *= count
        product.bandwidthMbps *= count
        product.gpuCount *= count
        return product
    }

    static func + (left: Amounts, right: Amounts) -> Amounts {
        var sum = left
        sum += right
        return sum
    }

    static func - (left: Amounts, right: Amounts) -> Amounts {
        var difference = left
        difference -= right
        return difference
    }

    /// Raises each amount to that of `other`, where that is more.
    mutating func rise(to other: Amounts) {
        vcpuMilli = max(vcpuMilli, other.vcpuMilli)
        memoryMiB = max(memoryMiB, other.memoryMiB)
        diskGiB = max(diskGiB, other.diskGiB)
        bandwidthMbps = max(bandwidthMbps, other.bandwidthMbps)
        gpuCount = max(gpuCount, other.gpuCount)
    }

    /// Whether any amount is less than that of `other`.
    func isBelowSomewhere(_ other: Amounts) -> Bool {
        vcpuMilli < other.vcpuMilli || memoryMiB < other.memoryMiB || diskGiB < other.diskGiB
            || bandwidthMbps < other.bandwidthMbps || gpuCount < other.gpuCount
    }

    /// How many times `unit` fits; 0 for a unit that takes nothing, as in `Resources.fits`.
    func fits(_ unit: Amounts) -> Int {
        var count = Int64.max
        if unit.vcpuMilli > 0 { count = min(count, vcpuMilli / unit.vcpuMilli) }
        if unit.memoryMiB > 0 { count = min(count, memoryMiB / unit.memoryMiB) }
        if unit.diskGiB > 0 { count = min(count, diskGiB / unit.diskGiB) }
        if unit.bandwidthMbps > 0 { count = min(count, bandwidthMbps / unit.bandwidthMbps) }
        if unit.gpuCount > 0 { count = min(count, gpuCount / unit.gpuCount) }
        return count == .max ? 0 : Int(max(0, count))
    }
}
