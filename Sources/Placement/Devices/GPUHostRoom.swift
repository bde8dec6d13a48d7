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

    init(_ look: GPULook, fits: Int, spare: Int, model: Int) {
        host = look.host
        self.model = model
        (vcpuMilli, memoryMiB) = (look.free.vcpuMilli, look.free.memoryMiB)
        free = look.devices.free
        order = look.devices.order
        left = fits
        self.spare = spare
    }

    /// Leaves room for at most `limit`.
    mutating func lower(to limit: Int) {
        left = min(left, limit)
        spare = min(spare, limit)
    }

    /// The best step; `nil` where no instance fits.
    ///
    /// Of devices of which the same is free the first counts, in the order of `DeviceRoom`.
    func best(_ gradient: FragmentationGradient) -> Step? {
        guard left > 0 else { return nil }
        let task = gradient.task
        let before = gradient.fragment(of: self)
        var after = self
        (after.vcpuMilli, after.memoryMiB) = (vcpuMilli - task.vcpuMilli, memoryMiB - task.memoryMiB)
        func step(_ devices: [Int], growth: Int64) -> Step {
            let free = free[devices[0]]
            return Step(
                begins: free == GPUUse.device, growth: growth, free: free, costsSlot: spare < 1, left: left, host: host,
                devices: devices)
        }
        guard task.milli < GPUUse.device else {
            let devices = Array(order.lazy.filter { free[$0] == GPUUse.device }.prefix(task.devices))
            for device in devices { after.free[device] -= task.milli }
            return step(devices, growth: gradient.fragment(of: after) - before)
        }
        var best: (key: (Int, Int64, Int64), device: Int)?
        for (position, device) in order.enumerated() where free[device] >= task.milli {
            guard !order[..<position].contains(where: { free[$0] == free[device] }) else { continue }
            after.free[device] -= task.milli
            let growth = gradient.fragment(of: after) - before
            after.free[device] += task.milli
            let key = (free[device] == GPUUse.device ? 1 : 0, growth, free[device])
            if best.map({ key < $0.key }) ?? true { best = (key, device) }
        }
        return best.map { step([$0.device], growth: $0.key.1) }
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

    /// Who was placed since this room was `earlier`. The devices of one instance are neighbours by their indices where that
    /// costs nothing.
    func sets(since earlier: GPUHostRoom, _ task: GPUTask) -> [GPUSet] {
        let used = free.indices.filter { free[$0] < earlier.free[$0] }
        guard task.milli == GPUUse.device else {
            return used.map { device in
                GPUSet(
                    host: host, devices: [device], count: Int((earlier.free[device] - free[device]) / task.milli))
            }
        }
        return stride(from: 0, to: used.count, by: task.devices).map { first in
            GPUSet(host: host, devices: Array(used[first..<(first + task.devices)]), count: 1)
        }
    }
}
