import CapacityModel

/// The most large slots that hosts can have left while given sums are taken of them, wherever they are taken.
///
/// A Lagrangian relaxation (Geoffrion, 1974) of "what is taken and the slots fit together": under any prices of a core
/// and a MiB that are not negative, a slot counts its worth of 1 less what it takes, and a host has a slot only where
/// that is positive. The bound is the least over a grid of prices. Which order stands where, that an instance is on one
/// host, scopes, spread rules, and that nothing may move over time are all left out, so no planner can do better.
struct SlotsBound {
    private let vcpuMilli: Double
    private let memoryMiB: Double
    private let emptySlots: Int
    private let slot: Resources

    private static let grid = 32

    init(hosts: [Host], slot: Resources) {
        self.slot = slot
        vcpuMilli = hosts.reduce(0) { $0 + Double($1.allocatable.vcpuMilli) }
        memoryMiB = hosts.reduce(0) { $0 + Double($1.allocatable.memoryMiB) }
        emptySlots = hosts.reduce(0) { $0 + $1.allocatable.fits(slot) }
    }

    /// The most slots beside `taken`.
    func most(taken: Resources) -> Int {
        let freeVCPU = vcpuMilli - Double(taken.vcpuMilli)
        let freeMemory = memoryMiB - Double(taken.memoryMiB)
        var most = Double(emptySlots)
        for step in 0...Self.grid {
            // Prices at which a slot costs just what it is worth; all below lie between this and no price at all.
            let share = Double(step) / Double(Self.grid)
            let vcpu = share / Double(slot.vcpuMilli)
            let memory = (1 - share) / Double(slot.memoryMiB)
            most = min(most, freeVCPU * vcpu + freeMemory * memory)
        }
        // A little more, lest a rounded sum take a slot off.
        return Int(most + 1e-6)
    }
}
