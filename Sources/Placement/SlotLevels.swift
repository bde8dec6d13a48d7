import CapacityModel

/// What instances of an order cost a host in seconds of large slots: a step function of how many there are.
///
/// Read off a calendar in one pass: at each step each slot goes with the first instance for which what is left no longer holds
/// it.
struct SlotLevels: Sendable {
    /// How many there can be at a cost.
    struct Level: Hashable, Sendable {
        var most: Int
        var cost: Int64
    }

    /// Both rising, the first without cost, and the last is all that fits.
    private(set) var levels: [Level]

    var most: Int { levels[levels.count - 1].most }

    init(of unit: Amounts, atMost most: Int, on host: Int, _ inventory: Inventory, during window: Window) {
        let allocatable = inventory.allocatable[host]
        var losses: [(after: Int, seconds: Int64)] = []
        inventory.calendars[host].forEachStep(during: window) { taken, microseconds in
            var left = allocatable - taken
            var slots = LargeSlot.count(vcpuMilli: left.vcpuMilli, memoryMiB: left.memoryMiB)
            left.vcpuMilli -= slots * LargeSlot.vcpuMilli
            left.memoryMiB -= slots * LargeSlot.memoryMiB
            while slots > 0 {
                let beside = left.timesBesideSlots(unit)
                guard beside < most else { return }
                losses.append((beside, microseconds / 1_000_000))
                left.vcpuMilli += LargeSlot.vcpuMilli
                left.memoryMiB += LargeSlot.memoryMiB
                slots -= 1
            }
        }
        losses.sort { $0.after < $1.after }
        levels = []
        var cost: Int64 = 0
        for loss in losses {
            if levels.last?.most != loss.after { levels.append(Level(most: loss.after, cost: cost)) }
            cost += loss.seconds
        }
        levels.append(Level(most: most, cost: cost))
    }

    /// The position of the cheapest level at which there can be `count`.
    func position(of count: Int) -> Int { levels.partitioningIndex { $0.most >= count } }

    func cost(of count: Int) -> Int64 { levels[position(of: count)].cost }
}

extension Amounts {
    /// How often vCPU and memory of `unit` are in these.
    fileprivate func timesBesideSlots(_ unit: Amounts) -> Int {
        let vcpu = unit.vcpuMilli > 0 ? vcpuMilli / unit.vcpuMilli : .max
        let memory = unit.memoryMiB > 0 ? memoryMiB / unit.memoryMiB : .max
        return Int(min(vcpu, memory))
    }
}
