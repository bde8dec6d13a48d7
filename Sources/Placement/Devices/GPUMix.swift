import CapacityModel

/// What the instances with GPUs of a ledger ask for, and how many of each kind there are: what the next ones are taken to
/// ask for as well.
///
/// All rows count, whenever they begin: a mix is about what customers want, not about a window. It is kept up row by row,
/// beside the calendars, and a fleet without GPUs pays nothing.
struct GPUMix: Sendable {
    private(set) var counts: [GPUTask: Int] = [:]
    /// By the position of hosts: what of it stands there, so that it can be taken out again.
    private var byHost: [Int: [GPUTask: Int]] = [:]

    /// So many kinds are looked at, those that take the most GPUs.
    private static let mostKinds = 64

    mutating func add(_ row: InventoryReservation, on host: Int) {
        guard let task = row.gpuTask else { return }
        counts[task, default: 0] += row.instances
        byHost[host, default: [:]][task, default: 0] += row.instances
    }

    /// Makes `rows` all that stands on `host`.
    mutating func replace(on host: Int, with rows: [InventoryReservation]) {
        for (task, count) in byHost.removeValue(forKey: host) ?? [:] {
            let left = counts[task, default: 0] - count
            counts[task] = left > 0 ? left : nil
        }
        for row in rows { add(row, on: host) }
    }

    /// The kinds that take the most GPUs, each with what all of its instances take of them together, in thousandths of a
    /// device; ties by kind, so that the order in which rows came leaves no trace.
    ///
    /// One instance of `own` is counted in any case: it is all there is to go by while nothing is reserved, and soon is next to
    /// nothing.
    func kinds(beside own: GPUTask) -> [(task: GPUTask, milli: Int64)] {
        var counts = counts
        counts[own, default: 0] += 1
        var kinds = counts.map { (task: $0.key, milli: Int64($0.value) * $0.key.gpuMilli) }
        if kinds.count > Self.mostKinds {
            // Most kinds are left out by their number, before anything is compared by its name.
            let least = kinds.map(\.milli).sorted(by: >)[Self.mostKinds - 1]
            kinds.removeAll { $0.milli < least }
        }
        return Array(kinds.sorted { ($1.milli, $0.task) < ($0.milli, $1.task) }.prefix(Self.mostKinds))
    }

    /// The vCPU and memory that instances take with each device of `model`, on average.
    func share(of model: String) -> GPUShare {
        var (gpuMilli, vcpu, memory) = (Int64(0), Int64(0), Int64(0))
        for (task, count) in counts where task.takes(model) {
            gpuMilli += task.gpuMilli * Int64(count)
            vcpu += task.vcpuMilli * Int64(count)
            memory += task.memoryMiB * Int64(count)
        }
        guard gpuMilli > 0 else { return GPUShare() }
        return GPUShare(vcpuMilli: vcpu * GPUUse.device / gpuMilli, memoryMiB: memory * GPUUse.device / gpuMilli)
    }

    var isEmpty: Bool { counts.isEmpty }
}

/// The vCPU and memory that go with one device.
struct GPUShare: Hashable, Sendable {
    var vcpuMilli: Int64 = 0
    var memoryMiB: Int64 = 0
}

extension InventoryReservation {
    /// What each instance of the row asks for; `nil` without GPUs.
    fileprivate var gpuTask: GPUTask? {
        guard !devices.isEmpty, instances > 0 else { return nil }
        let count = Int64(instances)
        return GPUTask(
            Resources(
                vcpuMilli: amounts.vcpuMilli / count, memoryMiB: amounts.memoryMiB / count, gpuModel: amounts.gpuModel,
                gpuCount: amounts.gpuCount / count, gpuShareMilli: amounts.gpuShareMilli / count))
    }
}
