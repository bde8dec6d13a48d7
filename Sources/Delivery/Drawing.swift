import CapacityModel
import CapacityStore
import Placement

/// Answers what one hold has to say to one order that would draw on it. Pure.
struct Drawing {
    let hold: HoldRecord
    /// What is still held, by host and then by its GPUs.
    let held: [Plan.Group]
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
        var demand = Demand(request, window: window)
        demand.unit = counted
        switch place(demand, on: inventory) {
        case .placed(let plan, _):
            if let shortage = picture.refusal(toWaitWith: plan, of: request) { return .short(shortage) }
            return .placed(Plan(groups: plan.groups.flatMap(draws), relaxed: plan.relaxed))
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

    /// What could be drawn instead: with softer rules, from more of the hold's sites, later, or fewer. Each is asked of the hold
    /// again, and nothing more is held for it: what it would be drawn from is.
    func offers(insteadOf request: OrderRequest, window: Window) -> [Offer] {
        var demand = Demand(request, window: window)
        demand.unit = counted
        let fleet = inventory
        let next = nextStart(
            for: demand, on: fleet, notLaterThan: min(hold.window.end, demand.held.start + Offering.laterWithin))
        return counterProposals(for: demand, on: fleet, next: next).compactMap { proposal in
            var offer = Offer(kind: .fewer, count: request.count, window: window)
            switch proposal {
            case .softer(let spread): (offer.kind, offer.spread) = (.softer, spread)
            case .wider(let scope): (offer.kind, offer.scope) = (.wider, scope)
            case .otherSpec, .withoutSpare: return nil
            case .later(let start):
                offer.kind = .later
                offer.window = Window(start: start + request.timing.lead, duration: window.duration)
            case .fewer(let count): offer.count = count
            }
            var changed = request
            changed.count = offer.count
            changed.spread = offer.spread ?? request.spread
            changed.scope = offer.scope ?? request.scope
            changed.fulfilment.minCount = request.fulfilment.minCount.map { min($0, offer.count) }
            guard case .placed(let plan) = answer(changed, window: offer.window), plan.count == offer.count else {
                return nil
            }
            return offer
        }
    }

    /// The unit without its GPUs: which those are was decided when they were held.
    private var counted: Resources {
        var unit = hold.unit
        (unit.gpuModel, unit.gpuCount, unit.gpuShareMilli) = (nil, 0, 0)
        return unit
    }

    /// What a group takes of each row that is held on its host, in the order of the devices.
    private func draws(_ group: Plan.Group) -> [Plan.Group] {
        var rest = group.count
        return held.compactMap { row in
            guard row.host == group.host, rest > 0 else { return nil }
            var drawn = row
            drawn.count = min(rest, row.count)
            rest -= drawn.count
            return drawn
        }
    }

    /// What is held on a closed host stays held, but nothing starts there.
    private var inventory: Inventory {
        let fleet = picture.inventory
        let counts = held.reduce(into: [:]) { counts, group in counts[group.host, default: 0] += group.count }
        return fleet.reduced(to: counts, of: counted, closures: fleet.closures)
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
            let gpus = unit.gpuModel.map { ", gpu \(unit.gpus) x \($0)" } ?? ""
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
