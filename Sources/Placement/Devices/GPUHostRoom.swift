import CapacityModel

/// One host with GPUs while an order is placed on it: what is left throughout the window.
struct GPUHostRoom: Sendable {
    /// Where the next instances would stand, and what that costs. Less is better.
    struct Step: Comparable, Sendable {
        /// Whether a device is begun that nothing was on.
        var begins: Bool
        /// By how much the expected fragment grows.
        var growth: Int64
        /// What is free of each device before, in thousandths.
        var free: Int64
        /// Whether a large slot goes.
        var costsSlot: Bool
        /// How many fit on the host.
        var left: Int
        /// The host's position.
        var host: Int
        var devices: [Int]

        private var key: (Int, Int64, Int64, Int, Int, Int) {
            (begins ? 1 : 0, growth, free, costsSlot ? 1 : 0, left, host)
        }

        static func < (one: Step, other: Step) -> Bool { one.key < other.key }
    }

    let host: Int
    /// The position of its model in the gradient.
    let model: Int
    private(set) var vcpuMilli: Int64
    private(set) var memoryMiB: Int64
    /// By index, in thousandths.
    private(set) var free: [Int64]
    /// How many instances fit.
    private(set) var left: Int
    /// How many of them cost no large slot.
    private var spare: Int
    /// The devices in the order in which those are taken of which the same is free.
    private let order: [Int]

    init(
        _ host: Int, fits: Int, spare: Int, for gradient: FragmentationGradient, on inventory: Inventory,
        during window: Window
    ) {
        self.host = host
        model = gradient.position(of: inventory.hosts[host].allocatable.gpuModel)
        let room = inventory.calendars[host].room(of: inventory.allocatable[host], during: window)
        (vcpuMilli, memoryMiB) = (room.free.vcpuMilli, room.free.memoryMiB)
        let devices = DeviceRoom(of: host, on: inventory, during: window)
        free = devices.free
        order = devices.order
        left = fits
        self.spare = spare
    }

    /// The best step; `nil` where no instance fits.
    ///
    /// Of devices of which the same is free the first counts, in the order of `DeviceRoom`.
    func best(_ gradient: FragmentationGradient) -> Step? {
        guard left > 0 else { return nil }
        let task = gradient.task
        let before = gradient.fragment(of: self)
        func step(_ devices: [Int]) -> Step {
            var after = self
            after.take(1, on: devices, task)
            let free = free[devices[0]]
            return Step(
                begins: free == GPUUse.device, growth: gradient.fragment(of: after) - before, free: free,
                costsSlot: spare < 1, left: left, host: host, devices: devices)
        }
        guard task.milli < GPUUse.device else {
            return step(Array(order.lazy.filter { free[$0] == GPUUse.device }.prefix(task.devices)))
        }
        var best: Step?
        var seen: [Int64] = []
        for device in order where free[device] >= task.milli && !seen.contains(free[device]) {
            seen.append(free[device])
            let step = step([device])
            if best.map({ step < $0 }) ?? true { best = step }
        }
        return best
    }

    /// How many instances, of at most `most`, fit where `step` leads without another look.
    func count(for step: Step, of task: GPUTask, atMost most: Int) -> Int {
        task.milli < GPUUse.device ? min(most, left, Int(step.free / task.milli)) : 1
    }

    /// Places `count` instances, all on the same `devices`.
    mutating func take(_ count: Int, on devices: [Int], _ task: GPUTask) {
        vcpuMilli -= Int64(count) * task.vcpuMilli
        memoryMiB -= Int64(count) * task.memoryMiB
        for device in devices { free[device] -= Int64(count) * task.milli }
        left -= count
        spare -= count
    }
}
