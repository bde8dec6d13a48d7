import CapacityModel
import CapacityStore
import Placement

/// Which alternatives of a refusal are held, and what that takes of which hosts. Pure.
///
/// Alternatives are taken in their order while all bounds allow. Together they take of each host, at each moment, of each
/// resource what the hungriest needs; each of them fits beside the ledger, so the largest of them does, and whichever is
/// accepted finds its own.
struct OfferBacking {
    /// How long offers are held. No longer than a start may lie in the past, so that an accepted "now" is still good.
    static let life = Offering.startTolerance
    /// A tenant of whom so many sets of late ended without being accepted gets offers that hold nothing.
    static let unacceptedLimit = 4
    static let period = Duration.seconds(600)
    /// Offers on more hosts are not held: each host is a row to write, and to lock.
    static let hostLimit = 4_096

    private(set) var rows: [OfferedCapacity] = []
    /// Beside the alternatives: whether it is held.
    private(set) var isHeld: [Bool] = []

    /// - Parameter offered: What the open offers of everybody take of each site.
    init(_ alternatives: [Offering.Alternative], on inventory: Inventory, offered: [SiteID: Resources]) {
        let limits = OfferLimits(sites: Self.sites(of: alternatives), on: inventory, offered: offered)
        var chosen: [Offering.Alternative] = []
        for alternative in alternatives {
            let canBeHeld = alternative.placed.plan.taken.count <= Self.hostLimit
            let candidates = canBeHeld ? Self.hull(of: chosen + [alternative]) : []
            let fits = canBeHeld && candidates.count <= Self.hostLimit && limits.allow(candidates)
            if fits {
                chosen.append(alternative)
                rows = candidates
            }
            isHeld.append(fits)
        }
    }

    static func sites(of alternatives: [Offering.Alternative]) -> [SiteID] {
        Set(alternatives.flatMap { $0.placed.plan.taken.map(\.site) }).sorted()
    }

    /// What the hungriest of `alternatives` needs, host by host, GPU by GPU, and stretch by stretch.
    static func hull(of alternatives: [Offering.Alternative]) -> [OfferedCapacity] {
        var needs: [Place: [OfferedCapacity]] = [:]
        for alternative in alternatives {
            let held = alternative.request.held(for: alternative.placed.window)
            for (place, amounts) in amounts(of: alternative) {
                needs[place, default: []].append(
                    OfferedCapacity(
                        host: place.host, held: held, amounts: amounts,
                        devices: place.device < 0 ? [] : [place.device]))
            }
        }
        return needs.keys.sorted().flatMap { hull(of: needs[$0] ?? []).map(\.withWholeDevices) }
    }

    /// What one alternative takes of each host, and of each GPU: a host is in its plan once for each set of GPUs, and
    /// again for its spare.
    private static func amounts(of alternative: Offering.Alternative) -> [Place: Resources] {
        let unit = alternative.request.spec.resources
        var plain = unit
        (plain.gpuModel, plain.gpuCount, plain.gpuShareMilli) = (nil, 0, 0)
        return alternative.placed.plan.taken.reduce(into: [:]) { amounts, group in
            amounts[Place(host: group.host), default: .zero] += plain * group.count
            let milli = unit.gpuShareMilli > 0 ? unit.gpuShareMilli * Int64(group.count) : GPUUse.device
            for device in group.devices {
                let share = Resources(vcpuMilli: 0, memoryMiB: 0, gpuModel: unit.gpuModel)
                amounts[Place(host: group.host, device: device), default: share].gpuShareMilli += milli
            }
        }
    }

    /// A host, or one GPU of it.
    private struct Place: Hashable, Comparable {
        var host: HostID
        var device = -1

        static func < (left: Place, right: Place) -> Bool { (left.host, left.device) < (right.host, right.device) }
    }

    private static func hull(of needs: [OfferedCapacity]) -> [OfferedCapacity] {
        let cuts = Set(needs.flatMap { [$0.held.start, $0.held.end] }).sorted()
        var rows: [OfferedCapacity] = []
        for (start, end) in zip(cuts, cuts.dropFirst()) {
            let active = needs.filter { $0.held.start <= start && start < $0.held.end }
            guard var row = active.first else { continue }
            row.held = Window(start: start, end: end)
            for need in active { row.amounts.rise(to: need.amounts) }
            if let last = rows.last, last.held.end == start, last.amounts == row.amounts {
                rows[rows.count - 1].held = Window(start: last.held.start, end: end)
            } else {
                rows.append(row)
            }
        }
        return rows
    }
}

extension OfferedCapacity {
    /// The same with a share of all of a device as that device: the ledger has it so.
    fileprivate var withWholeDevices: OfferedCapacity {
        guard amounts.gpuShareMilli >= GPUUse.device else { return self }
        var row = self
        (row.amounts.gpuCount, row.amounts.gpuShareMilli) = (1, 0)
        return row
    }
}
