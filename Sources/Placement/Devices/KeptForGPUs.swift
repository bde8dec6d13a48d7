import CapacityModel

/// The vCPU and memory that the free GPUs of hosts need for instances that will want them: with each device what those of the
/// mix take with one, on average.
///
/// Instances without GPUs stand there last, since a GPU without vCPU is of no use to anybody. Nothing is kept while no row of
/// the ledger has a GPU.
struct KeptForGPUs: Sendable {
    private let shares: [(model: String, share: GPUShare)]

    init?(on inventory: Inventory) {
        guard !inventory.gpuMix.isEmpty else { return nil }
        shares = inventory.gpuModels.map { ($0, inventory.gpuMix.share(of: $0)) }
    }

    /// What is left of `free` beside it, resource by resource.
    func left(of free: Amounts, on host: Int, _ inventory: Inventory, during window: Window) -> Amounts {
        let model = inventory.hosts[host].allocatable.gpuModel
        guard let share = shares.first(where: { $0.model == model })?.share else { return free }
        let calendar = inventory.calendars[host].devices
        let milli = (0..<Int(inventory.allocatable[host].gpuCount)).reduce(Int64(0)) {
            $0 + max(0, GPUUse.device - calendar.peak(of: $1, during: window))
        }
        var left = free
        left.vcpuMilli -= share.vcpuMilli * milli / GPUUse.device
        left.memoryMiB -= share.memoryMiB * milli / GPUUse.device
        return left
    }
}
