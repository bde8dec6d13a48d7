import CapacityModel
import CapacityStore
import Placement

/// Answers what one hold has to say to one order that would draw on it. Pure.
struct Drawing {
    let hold: HoldRecord
    /// What is still held, by host.
    let held: [HostID: Int]
    let picture: Planner.Picture

    enum Answer {
        case placed(Plan)
        case short(Shortage)
        case misfit(HoldMisfit)
    }

    /// Places `request` on the hosts of the hold, each as large as what is held there: scope, spread and count are kept by
    /// the planner as they are for any order.
    func answer(_ request: OrderRequest, window: Window) -> Answer {
        if let misfit = misfit(request, window: window) { return .misfit(misfit) }
        switch place(Demand(request, window: window), on: inventory) {
        case .placed(let plan, _):
            return .placed(plan)
        case .short(var shortage):
            shortage.gap = shortage.gap.map { gap in
                Gap(
                    bound: gap.bound, level: gap.level, missing: gap.missing,
                    detail: "Of what \(hold.id.text) holds: \(gap.detail)"
                )
            }
            return .short(shortage)
        }
    }

    private var inventory: Inventory {
        let fleet = picture.inventory
        let hosts = held.keys.sorted().compactMap { id -> Host? in
            guard var host = fleet.host(id) else { return nil }
            host.allocatable = hold.unit * held[id, default: 0]
            return host
        }
        let sites = Set(hosts.map(\.site)).sorted().compactMap { fleet.site($0) }
        return Inventory(version: fleet.version, sites: sites, hosts: hosts, reservations: [])
    }

    private func misfit(_ request: OrderRequest, window: Window) -> HoldMisfit? {
        let id = hold.id.text
        guard hold.state == .held else {
            return HoldMisfit(part: .reservation, detail: "\(id) is \(hold.state.rawValue); nothing is left to draw on")
        }
        guard picture.now < hold.expiresAt else {
            return HoldMisfit(part: .reservation, detail: "the time of \(id) was over at \(hold.expiresAt)")
        }
        guard request.spec.resources == hold.unit else {
            let unit = hold.unit
            let gpus = unit.gpuModel.map { ", gpu \(unit.gpuCount) x \($0)" } ?? ""
            return HoldMisfit(
                part: .spec,
                detail: "an instance takes exactly what one of \(id) does: vcpu \(Double(unit.vcpuMilli) / 1_000), "
                    + "memoryMiB \(unit.memoryMiB), diskGiB \(unit.diskGiB), bandwidthMbps \(unit.bandwidthMbps)\(gpus)"
            )
        }
        let (wanted, there) = (request.held(for: window), hold.window.extended(lead: hold.lead, grace: hold.grace))
        guard there.start <= wanted.start, wanted.end <= there.end else {
            return HoldMisfit(
                part: .window,
                detail: "with lead and grace the order needs \(wanted.start) to \(wanted.end); "
                    + "\(id) holds \(there.start) to \(there.end)"
            )
        }
        return nil
    }
}

/// Why an order cannot draw on a hold: which part of it, and a sentence for a person.
package struct HoldMisfit: Hashable, Sendable {
    package enum Part: Hashable, Sendable {
        case reservation, spec, window
    }

    package var part: Part
    package var detail: String
}
