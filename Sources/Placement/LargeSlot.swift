import CapacityModel

/// Room for one large instance, 32 vCPU and 96 GiB, which small ones are placed beside for as long as they can be.
///
/// Its size is a constant and not a setting: what customers ask for in large instances is known, and plans stay
/// comparable between fleets.
enum LargeSlot {
    static var vcpuMilli: Int64 { 32_000 }
    static var memoryMiB: Int64 { 96 * 1_024 }

    /// How many of them `vcpuMilli` and `memoryMiB` hold; none in less than nothing.
    static func count(vcpuMilli: Int64, memoryMiB: Int64) -> Int64 {
        max(0, min(vcpuMilli / Self.vcpuMilli, memoryMiB / Self.memoryMiB))
    }
}

/// What a host has left throughout a window.
struct HostRoom: Hashable, Sendable {
    /// The least there is of each resource at any moment.
    var free: Amounts
    /// The part of it that can be taken without costing a large slot at any moment.
    var spare: Amounts
    /// How many seconds of slots it has.
    var slotSeconds: Int64 = 0
}

extension HostRoom {
    /// A host on which nothing is taken for so long.
    init(empty allocatable: Amounts, microseconds: Int64) {
        free = allocatable
        spare = allocatable
        keepSpare(besideSlotsOf: allocatable, microseconds: microseconds)
    }

    /// At each step the slots are worked out anew, and what they leave of vCPU and memory; the least of each by itself is
    /// what a unit can have throughout, since a least over time and one over resources may be swapped.
    mutating func keepSpare(besideSlotsOf left: Amounts, microseconds: Int64) {
        let slots = LargeSlot.count(vcpuMilli: left.vcpuMilli, memoryMiB: left.memoryMiB)
        spare.vcpuMilli = min(spare.vcpuMilli, left.vcpuMilli - slots * LargeSlot.vcpuMilli)
        spare.memoryMiB = min(spare.memoryMiB, left.memoryMiB - slots * LargeSlot.memoryMiB)
        slotSeconds += slots * (microseconds / 1_000_000)
    }
}

extension CalendarSteps {
    /// What is left of `allocatable` during `window`.
    func room(of allocatable: Amounts, during window: Window) -> HostRoom {
        guard count > 0 else {
            return HostRoom(empty: allocatable, microseconds: max(0, window.duration.microseconds))
        }
        var room = HostRoom(free: allocatable, spare: allocatable)
        var peak = Amounts.zero
        forEachStep(during: window) { taken, microseconds in
            peak.rise(to: taken)
            room.keepSpare(besideSlotsOf: allocatable - taken, microseconds: microseconds)
        }
        room.free -= peak
        (room.spare.diskGiB, room.spare.bandwidthMbps) = (room.free.diskGiB, room.free.bandwidthMbps)
        room.spare.gpuCount = room.free.gpuCount
        return room
    }
}

extension HostCalendar {
    /// How many seconds of large slots go where `amounts` are taken throughout `window`.
    func slotSeconds(lostTo amounts: Amounts, of allocatable: Amounts, during window: Window) -> Int64 {
        var lost: Int64 = 0
        forEachStep(during: window) { taken, microseconds in
            let (vcpu, memory) = (
                allocatable.vcpuMilli - taken.vcpuMilli, allocatable.memoryMiB - taken.memoryMiB
            )
            let before = LargeSlot.count(vcpuMilli: vcpu, memoryMiB: memory)
            let after = LargeSlot.count(vcpuMilli: vcpu - amounts.vcpuMilli, memoryMiB: memory - amounts.memoryMiB)
            lost += (before - after) * (microseconds / 1_000_000)
        }
        return lost
    }
}
