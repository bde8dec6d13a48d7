import CapacityModel

/// What is left of each GPU of one host throughout a window, and in which order instances take them.
///
/// An instance is on its devices for the whole of its window, so of each device the peak is all that matters, and how many
/// instances fit is exact.
struct DeviceRoom: Sendable {
    /// By index, in thousandths.
    let free: [Int64]
    /// Beside `free`: the time around the window in which the device is free as well.
    private let slack: [DeviceSlack]
    /// Those protected for whom the plan is made, which are nobody else's to have.
    private let own: Range<Int>

    init(of host: Int, on inventory: Inventory, during window: Window) {
        let calendar = inventory.calendars[host].devices
        let indices = 0..<Int(inventory.allocatable[host].gpuCount)
        free = indices.map { GPUUse.device - calendar.peak(of: $0, during: window) }
        slack = indices.map { calendar.slack(of: $0, around: window) }
        own = inventory.ownDevices(of: host)
    }

    /// A host on which nothing is taken.
    init(empty devices: Int64) {
        free = [Int64](repeating: GPUUse.device, count: Int(devices))
        slack = [DeviceSlack](repeating: .endless, count: Int(devices))
        own = 0..<0
    }

    func fits(_ use: GPUUse) -> Int {
        switch use {
        case .whole(let count): free.count { $0 == GPUUse.device } / Int(count)
        case .share(let milli): free.reduce(0) { $0 + Int(max(0, $1) / milli) }
        }
    }

    /// The devices, the fullest first. Of free ones those come first that are protected for the tenant, then those that others
    /// have just before or after the window: the ones that are left are free for long. Ties by index.
    var order: [Int] {
        func rank(_ device: Int) -> (Int64, Int, DeviceSlack, Int) {
            (free[device], own.contains(device) ? 0 : 1, slack[device], device)
        }
        return free.indices.sorted { rank($0) < rank($1) }
    }
}
