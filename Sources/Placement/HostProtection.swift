import CapacityModel

/// What is protected of one host, as tenants of one class meet it.
///
/// Of each class as much of a host is spoken for as it has reserved or is protected for it, whichever is more. A tenant may
/// have what is then left, and in any case what is protected for its own class and not reserved yet, as far as it is free:
/// where others used it before it was protected, and where several classes are short of theirs, the first to come has it. The
/// ledger refuses by the same rule.
struct HostProtection {
    /// By class.
    let headrooms: [HostHeadroom]
    let viewer: TenantClass
    /// What the host has.
    let allocatable: Amounts

    /// What the viewer can have of the host when nothing is reserved there.
    ///
    /// Of its GPUs those before the first that all the rest is protected for others; ones between are taken for ever.
    var reachable: Amounts {
        var left = allocatable
        for headroom in headrooms where headroom.tenantClass != viewer {
            left -= Amounts(headroom.amounts)
        }
        left.gpuCount = Int64(reachableDevices)
        return left
    }

    private var reachableDevices: Int {
        var count = Int(allocatable.gpuCount)
        while count > 0, isOthers(count - 1) { count -= 1 }
        return count
    }

    /// Whether a GPU is protected for another class.
    private func isOthers(_ device: Int) -> Bool {
        headrooms.contains { $0.tenantClass != viewer && $0.devices.contains(device) }
    }

    /// What stands in the calendar of such a host for `rows`: beside ``reachable``, all that the viewer cannot have.
    func rows(for rows: [InventoryReservation]) -> [InventoryReservation] {
        steps(of: rows) + devices(of: rows) + protectedDevices
    }

    /// The rows with their GPUs alone, as far as the viewer can reach those.
    private func devices(of rows: [InventoryReservation]) -> [InventoryReservation] {
        let reachable = reachableDevices
        return rows.filter { !$0.devices.isEmpty }.map { row in
            var kept = row
            kept.amounts = .zero
            kept.amounts.gpuShareMilli = row.amounts.gpuShareMilli
            if row.amounts.gpuShareMilli == 0 {
                // One that is protected for others is taken already.
                kept.amounts.gpuCount = Int64(row.devices.count { $0 < reachable && !isOthers($0) })
            }
            return kept
        }
    }

    private var protectedDevices: [InventoryReservation] {
        let reachable = reachableDevices
        return headrooms.compactMap { headroom in
            let devices = headroom.devices.filter { $0 < reachable }
            guard headroom.tenantClass != viewer, !devices.isEmpty else { return nil }
            var amounts = Resources.zero
            amounts.gpuCount = Int64(devices.count)
            return InventoryReservation(
                id: 0, host: headroom.host, held: .always, amounts: amounts, devices: devices)
        }
    }

    /// Step by step, what is out of the viewer's reach of what it could have at the most.
    private func steps(of rows: [InventoryReservation]) -> [InventoryReservation] {
        guard let host = headrooms.first?.host else { return [] }
        var changes: [(at: Instant, row: Int, starts: Bool)] = []
        for (index, row) in rows.enumerated() where row.held.start < row.held.end {
            changes.append((row.held.start, index, true))
            changes.append((row.held.end, index, false))
        }
        changes.sort { $0.at < $1.at }
        var used = ClassUse(headrooms, viewer: viewer)
        var steps: [InventoryReservation] = []
        var index = 0
        while index < changes.count {
            let at = changes[index].at
            while index < changes.count, changes[index].at == at {
                let row = rows[changes[index].row]
                used.change(row.tenantClass, by: Amounts(row.amounts), adds: changes[index].starts)
                index += 1
            }
            guard index < changes.count else { break }
            let taken = (reachable - used.free(of: allocatable)).resources
            guard taken != .zero else { continue }
            let held = Window(start: at, end: changes[index].at)
            steps.append(InventoryReservation(id: 0, host: host, held: held, amounts: taken))
        }
        return steps
    }
}

/// What is reserved on a host at one moment, by class as far as something is protected for it.
private struct ClassUse {
    private let protected: [(tenantClass: TenantClass, amounts: Amounts)]
    private let viewer: TenantClass
    /// Beside `protected`.
    private var used: [Amounts]
    private var all = Amounts.zero

    init(_ headrooms: [HostHeadroom], viewer: TenantClass) {
        protected = headrooms.map { ($0.tenantClass, Amounts($0.amounts)) }
        used = headrooms.map { _ in .zero }
        self.viewer = viewer
    }

    mutating func change(_ tenantClass: TenantClass?, by amounts: Amounts, adds: Bool) {
        if adds { all += amounts } else { all -= amounts }
        guard let index = protected.firstIndex(where: { $0.tenantClass == tenantClass }) else { return }
        if adds { used[index] += amounts } else { used[index] -= amounts }
    }

    /// What the viewer may reserve at this moment, GPUs apart.
    func free(of allocatable: Amounts) -> Amounts {
        let unreserved = allocatable - all
        // What stays free for others.
        var left = unreserved
        var own = Amounts.zero
        for (index, entry) in protected.enumerated() {
            var unused = entry.amounts - used[index]
            unused.rise(to: .zero)
            if entry.tenantClass == viewer { own = unused } else { left -= unused }
        }
        own.fall(to: unreserved)
        left.rise(to: own)
        return left
    }
}

extension Amounts {
    fileprivate var resources: Resources {
        Resources(vcpuMilli: vcpuMilli, memoryMiB: memoryMiB, diskGiB: diskGiB, bandwidthMbps: bandwidthMbps)
    }

    /// Lowers each amount to that of `other`, where that is less.
    fileprivate mutating func fall(to other: Amounts) {
        vcpuMilli = min(vcpuMilli, other.vcpuMilli)
        memoryMiB = min(memoryMiB, other.memoryMiB)
        diskGiB = min(diskGiB, other.diskGiB)
        bandwidthMbps = min(bandwidthMbps, other.bandwidthMbps)
    }
}

extension Window {
    /// Longer than anything that is ordered.
    fileprivate static var always: Window {
        Window(start: Instant(secondsSinceEpoch: 0), end: Instant(secondsSinceEpoch: 253_402_214_400))
    }
}
