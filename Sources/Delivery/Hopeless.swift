import CapacityModel
import Placement

/// What was seen to have no place while a fleet only got fuller, so that it is not looked for again. Pure.
struct Hopeless {
    /// All of a demand's own rules but how many and how long.
    private struct Rules: Hashable {
        var tenantClass: TenantClass
        var unit: Resources
        var scope: Scope
        var spread: [SpreadRule]
        var shareBase: Int
    }

    /// Of each class and scope, what fits on no host: the smallest and the shortest that are known.
    private var units: [TenantClass: [Scope: [(unit: Resources, held: Window)]]] = [:]
    private var demands: [Rules: [Window]] = [:]
    /// Where the sites of a scope are in the fleet, for everybody.
    private var positions: [Scope: [Int]] = [:]

    /// The plan of `demand` on `fleet`, or `nil` where nothing of it has a place.
    mutating func plan(
        _ demand: Demand, within allowance: Allowance, for tenantClass: TenantClass, on fleet: FleetByClass
    ) -> Plan? {
        guard !allowance.isUsedUp(for: demand.unit), hasRoom(for: demand, of: tenantClass, on: fleet) else {
            return nil
        }
        let rules = Rules(
            tenantClass: tenantClass, unit: demand.unit, scope: demand.scope, spread: demand.spread,
            shareBase: demand.shareBase)
        let isPlain = demand.existing.isEmpty && demand.avoiding.isEmpty && demand.neighbours.isEmpty
        if isPlain, demands[rules]?.contains(where: demand.held.contains) == true { return nil }
        switch allowance.place(demand, on: fleet[tenantClass]) {
        case .placed(let plan, _): return plan.count > 0 ? plan : nil
        case .exceeded: return nil
        case .short:
            if isPlain { demands[rules, default: []].append(demand.held) }
            return nil
        }
    }

    /// Whether any host has room for one instance, whatever the rules.
    private mutating func hasRoom(for demand: Demand, of tenantClass: TenantClass, on fleet: FleetByClass) -> Bool {
        for scope in demand.scope == .nationwide ? [.nationwide] : [.nationwide, demand.scope] {
            let isKnown = units[tenantClass]?[scope]?.contains { known in
                demand.held.contains(known.held) && known.unit.isWithin(demand.unit)
            }
            if isKnown == true { return false }
        }
        let sites = positions[demand.scope] ?? fleet[tenantClass].positions(in: demand.scope)
        positions[demand.scope] = sites
        if fleet[tenantClass].hasRoom(for: demand, at: sites) { return true }
        let known = units[tenantClass]?[demand.scope] ?? []
        let others = known.filter { !($0.held.contains(demand.held) && demand.unit.isWithin($0.unit)) }
        units[tenantClass, default: [:]][demand.scope] = others + [(demand.unit, demand.held)]
        return false
    }
}

extension Window {
    fileprivate func contains(_ other: Window) -> Bool { start <= other.start && other.end <= end }
}

extension Resources {
    /// Whether where the other fits this one does too.
    fileprivate func isWithin(_ other: Resources) -> Bool {
        vcpuMilli <= other.vcpuMilli && memoryMiB <= other.memoryMiB && diskGiB <= other.diskGiB
            && bandwidthMbps <= other.bandwidthMbps && gpuMilli <= other.gpuMilli
            && (gpuUse == nil || (gpuUse == other.gpuUse && gpuModel == other.gpuModel))
    }
}
