import CapacityModel
import Placement

/// Says what is wrong with a plan, from the texts of the rules and the raw rows alone: it shares no code with the
/// planner and takes its time.
struct PlacementChecker {
    let fleet: TinyFleet
    let demand: Demand

    func faults(of plan: Plan, missing: Int) -> [String] {
        var faults: [String] = []
        let keys = plan.groups.map { [$0.host.rawValue, Int64($0.devices.first ?? -1)] }
        if !zip(keys, keys.dropFirst()).allSatisfy({ $0.lexicographicallyPrecedes($1) }) {
            faults.append("hosts are not in order, each once for each set of devices")
        }
        if plan.groups.contains(where: { $0.count <= 0 }) { faults.append("a count is not positive") }
        if plan.count + missing != demand.count { faults.append("\(plan.count) + \(missing) != \(demand.count)") }
        if plan.count < demand.leastAcceptable { faults.append("fewer than acceptable") }
        for group in plan.groups { faults += self.faults(of: group) }
        for host in Set(plan.groups.map(\.host)).sorted() {
            faults += self.faults(on: host, of: plan.groups.filter { $0.host == host })
        }
        let relaxed = plan.relaxed.map(\.rule)
        let kept = demand.spread.filter { !relaxed.contains($0) } + plan.relaxed.compactMap(\.softenedTo)
        for rule in kept { faults += self.faults(of: rule, in: plan) }
        if relaxed.contains(where: { $0.whenUnsatisfiable == .reject }) { faults.append("a hard rule was relaxed") }
        return faults
    }

    private func faults(of group: Plan.Group) -> [String] {
        guard let host = fleet.hosts.first(where: { $0.id == group.host }), let site = fleet.site(of: group.host)
        else {
            return ["host \(group.host) does not exist"]
        }
        var faults: [String] = []
        if site.id != group.site { faults.append("\(host.name) is not at site \(group.site)") }
        if !demand.scope.admits(site) { faults.append("\(site.name) is out of scope") }
        if demand.avoiding.contains(host.id) { faults.append("\(host.name) was to be avoided") }

        if demand.unit.gpuCount + demand.unit.gpuShareMilli > 0, let model = demand.unit.gpuModel,
            model != host.allocatable.gpuModel
        {
            faults.append("\(host.name) has no \(model)")
        }
        return faults
    }

    /// What all that the plan puts on one host takes there, with what is taken already.
    private func faults(on id: HostID, of groups: [Plan.Group]) -> [String] {
        guard let host = fleet.hosts.first(where: { $0.id == id }) else { return [] }
        var faults: [String] = []
        let rows = fleet.reservations.filter { $0.host == host.id && $0.held.overlaps(demand.held) }
        let instants = [demand.held.start] + rows.map(\.held.start).filter { demand.held.contains($0) }
        for instant in instants {
            let taken = rows.filter { $0.held.contains(instant) }
            var used = demand.unit * groups.reduce(0) { $0 + $1.count }
            for row in taken { used += row.amounts }
            let has = host.allocatable
            if used.vcpuMilli > has.vcpuMilli || used.memoryMiB > has.memoryMiB || used.diskGiB > has.diskGiB
                || used.bandwidthMbps > has.bandwidthMbps || used.gpuCount > has.gpuCount
            {
                faults.append("\(host.name) is oversold at \(instant)")
            }
            let rows =
                taken.map { (devices: $0.devices, amounts: $0.amounts) }
                + groups.map { (devices: $0.devices, amounts: demand.unit * $0.count) }
            faults += self.faults(of: rows, on: host).map { "\($0) at \(instant)" }
        }
        return faults
    }

    /// Devices that are there, as many as are asked for, and on none of them more than itself.
    private func faults(of rows: [(devices: [Int], amounts: Resources)], on host: Host) -> [String] {
        var faults: [String] = []
        var milli = [Int64](repeating: 0, count: Int(host.allocatable.gpuCount))
        for row in rows {
            let wanted = row.amounts.gpuShareMilli > 0 ? 1 : Int(row.amounts.gpuCount)
            if Set(row.devices).count != wanted { faults.append("\(wanted) devices wanted, found \(row.devices)") }
            for device in row.devices {
                guard milli.indices.contains(device) else {
                    faults.append("\(host.name) has no device \(device)")
                    continue
                }
                milli[device] += row.amounts.gpuShareMilli > 0 ? row.amounts.gpuShareMilli : 1_000
            }
        }
        for (device, milli) in milli.enumerated() where milli > 1_000 {
            faults.append("device \(device) of \(host.name) is oversold")
        }
        return faults
    }

    private func faults(of rule: SpreadRule, in plan: Plan) -> [String] {
        var new: [String: Int] = [:]
        var all: [String: Int] = [:]
        for host in fleet.hosts {
            guard let site = fleet.site(of: host.id) else { continue }
            let name = rule.level.group(of: site, host: host)
            let added = plan.groups.filter { $0.host == host.id }.reduce(0) { $0 + $1.count }
            let existing = demand.existing[host.id] ?? 0
            if added > 0 { new[name, default: 0] += added }
            if added + existing > 0 { all[name, default: 0] += added + existing }
        }
        var faults: [String] = []
        if let limit = rule.limit(for: demand.shareBase) {
            // What stood there before may exceed the limit; nothing may be added to it then.
            for name in new.keys where all[name, default: 0] > limit {
                faults.append("\(all[name, default: 0]) in \(rule.level) \(name), at most \(limit) allowed")
            }
        }
        if let groups = rule.minGroups, all.count < groups {
            faults.append("\(all.count) groups of level \(rule.level), at least \(groups) needed")
        }
        if let skew = rule.maxSkew, let fewest = all.values.min() {
            for name in new.keys where all[name, default: 0] > fewest + skew {
                faults.append("\(all[name, default: 0]) in \(rule.level) \(name), and \(fewest) in the emptiest")
            }
        }
        return faults
    }
}
