import CapacityModel
import Placement

/// Says what is wrong with a plan, from the texts of the rules and the raw rows alone: it shares no code with the
/// planner and takes its time.
struct PlacementChecker {
    let fleet: TinyFleet
    let demand: Demand

    func faults(of plan: Plan, missing: Int) -> [String] {
        var faults: [String] = []
        if plan.groups.map(\.host.rawValue) != Set(plan.groups.map(\.host.rawValue)).sorted() {
            faults.append("hosts are not in order, each once")
        }
        if plan.groups.contains(where: { $0.count <= 0 }) { faults.append("a count is not positive") }
        if plan.count + missing != demand.count { faults.append("\(plan.count) + \(missing) != \(demand.count)") }
        if plan.count < demand.leastAcceptable { faults.append("fewer than acceptable") }
        for group in plan.groups { faults += self.faults(of: group) }
        for rule in demand.spread where !plan.relaxed.contains(rule) { faults += self.faults(of: rule, in: plan) }
        if plan.relaxed.contains(where: { $0.whenUnsatisfiable == .reject }) {
            faults.append("a hard rule was relaxed")
        }
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

        let rows = fleet.reservations.filter { $0.host == host.id && $0.held.overlaps(demand.held) }
        let instants = [demand.held.start] + rows.map(\.held.start).filter { demand.held.contains($0) }
        for instant in instants {
            var used = demand.unit * group.count
            for row in rows where row.held.contains(instant) { used += row.amounts }
            let has = host.allocatable
            if used.vcpuMilli > has.vcpuMilli || used.memoryMiB > has.memoryMiB || used.diskGiB > has.diskGiB
                || used.bandwidthMbps > has.bandwidthMbps || used.gpuCount > has.gpuCount
            {
                faults.append("\(host.name) is oversold at \(instant)")
            }
        }
        if demand.unit.gpuCount > 0, let model = demand.unit.gpuModel, model != host.allocatable.gpuModel {
            faults.append("\(host.name) has no \(model)")
        }
        return faults
    }

    private func faults(of rule: SpreadRule, in plan: Plan) -> [String] {
        var new: [String: Int] = [:]
        var all: [String: Int] = [:]
        for group in plan.groups {
            guard let site = fleet.site(of: group.host) else { continue }
            new[rule.level.group(of: site), default: 0] += group.count
            all[rule.level.group(of: site), default: 0] += group.count
        }
        for (host, count) in demand.existing {
            guard let site = fleet.site(of: host) else { continue }
            all[rule.level.group(of: site), default: 0] += count
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
        return faults
    }
}
