import CapacityModel
import Placement

/// Which instances of an order stop when its count falls: where stopping the newest would break a hard rule, those without
/// which all are kept. Pure.
///
/// A customer who wants fewer is never refused: where no choice keeps the rules, the newest stop.
struct Shrinking {
    /// Instances that may stop, by host.
    let existing: [HostID: Int]
    let rules: [SpreadRule]
    /// The order's count from now on, of which shares are taken.
    let count: Int
    let inventory: Inventory

    /// Whether the rules are kept by what `left` has on each host.
    func isAllowed(_ left: [HostID: Int]) -> Bool {
        kept(left.values.reduce(0, +), of: left) != nil
    }

    /// How many of each host stop; `nil` where whatever stays breaks a rule.
    func chosen(_ toStop: Int) -> [HostID: Int]? {
        kept(existing.values.reduce(0, +) - toStop, of: existing).map { plan in
            var stopped = existing
            for group in plan.groups { stopped[group.host, default: 0] -= group.count }
            return stopped.filter { $0.value > 0 }
        }
    }

    /// Places so many on hosts that are as large as what they have.
    private func kept(_ count: Int, of hosts: [HostID: Int]) -> Plan? {
        let unit = Resources(vcpuMilli: 1, memoryMiB: 0)
        let moment = Instant(secondsSinceEpoch: 0)
        let demand = Demand(
            count: count, unit: unit, held: Window(start: moment, end: moment + .seconds(1)), spread: rules,
            shareBase: self.count)
        guard case .placed(let plan, missing: 0) = place(demand, on: inventory.reduced(to: hosts, of: unit)) else {
            return nil
        }
        return plan
    }
}

extension Inventory {
    /// Only hosts of `counts`, each as large as its count of `unit` and free.
    func reduced(
        to counts: [HostID: Int], of unit: Resources, closures: (HostID) -> [Window] = { _ in [] }
    ) -> Inventory {
        let hosts = counts.sorted { $0.key < $1.key }.compactMap { id, count -> Host? in
            guard var host = host(id) else { return nil }
            host.allocatable = unit * count
            return host
        }
        return Inventory(
            version: version, sites: Set(hosts.map(\.site)).sorted().compactMap { site($0) }, hosts: hosts,
            reservations: [],
            closures: Dictionary(hosts.map { ($0.id, closures($0.id)) }) { first, _ in first })
    }
}
