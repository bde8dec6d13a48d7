import CapacityModel

/// What is left of each GPU of one host throughout a window, and which of them instances shall take.
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

    /// How many shares fit on devices that are in use already: those that keep no whole device from anybody. 0 for whole
    /// devices.
    func fitsBesideOthers(_ use: GPUUse) -> Int {
        guard case .share(let milli) = use else { return 0 }
        return free.reduce(0) { $0 + ($1 < GPUUse.device ? Int(max(0, $1) / milli) : 0) }
    }

    /// The devices for `count` instances, those of one set together, by their indices.
    ///
    /// Shares go to the fullest device that has room, so that whole devices stay whole. Of free devices those are taken
    /// first that are protected for the tenant, then those that others have just before or after the window: the ones that are left are free for long. Ties by index.
    ///
    /// - Precondition: so many fit.
    func devices(for count: Int, of use: GPUUse) -> [(devices: [Int], count: Int)] {
        func rank(_ device: Int) -> (Int64, Int, DeviceSlack, Int) {
            (free[device], own.contains(device) ? 0 : 1, slack[device], device)
        }
        let order = free.indices.sorted { rank($0) < rank($1) }
        var sets: [(devices: [Int], count: Int)] = []
        switch use {
        case .whole:
            let wanted = order.filter { free[$0] == GPUUse.device }.prefix(count * use.devices).sorted()
            sets = stride(from: 0, to: wanted.count, by: use.devices).map { start in
                (Array(wanted[start..<min(wanted.count, start + use.devices)]), 1)
            }
        case .share(let milli):
            var rest = count
            for device in order where rest > 0 && free[device] >= milli {
                let here = min(rest, Int(free[device] / milli))
                sets.append(([device], here))
                rest -= here
            }
            sets.sort { $0.devices[0] < $1.devices[0] }
        }
        precondition(sets.reduce(0) { $0 + $1.count } == count, "more instances than the supply said fit on a host")
        return sets
    }
}
