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
            let unit = alternative.request.spec.resources
            // Offers of GPUs would have to say which devices; they are not held.
            let canBeHeld = unit.gpuUse == nil && alternative.placed.plan.taken.count <= Self.hostLimit
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

    /// What the hungriest of `alternatives` needs, host by host and stretch by stretch.
    static func hull(of alternatives: [Offering.Alternative]) -> [OfferedCapacity] {
        var needs: [HostID: [OfferedCapacity]] = [:]
        for alternative in alternatives {
            let held = alternative.request.held(for: alternative.placed.window)
            // Instances and their spare may be on one host.
            let counts = alternative.placed.plan.taken.reduce(into: [:]) { $0[$1.host, default: 0] += $1.count }
            for (host, count) in counts {
                let amounts = alternative.request.spec.resources * count
                needs[host, default: []].append(OfferedCapacity(host: host, held: held, amounts: amounts))
            }
        }
        return needs.keys.sorted().flatMap { hull(of: needs[$0] ?? []) }
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

/// How much of each site may be under offer: half of it, or its largest host where that is more, all tenants together.
///
/// So a flood of refusals leaves at least half of every site of several hosts to those who order.
private struct OfferLimits {
    private var left: [SiteID: Resources] = [:]
    private var siteOfHost: [HostID: SiteID] = [:]

    init(sites: [SiteID], on inventory: Inventory, offered: [SiteID: Resources]) {
        let known = Set(sites)
        var totals: [SiteID: Resources] = [:]
        var largest: [SiteID: Resources] = [:]
        for host in inventory.hosts where known.contains(host.site) {
            siteOfHost[host.id] = host.site
            totals[host.site, default: .zero] += host.allocatable
            largest[host.site, default: .zero].rise(to: host.allocatable)
        }
        for site in sites {
            var limit = totals[site, default: .zero].half
            limit.rise(to: largest[site, default: .zero])
            limit -= offered[site, default: .zero]
            left[site] = limit
        }
    }

    func allow(_ rows: [OfferedCapacity]) -> Bool {
        var taken: [SiteID: Resources] = [:]
        var index = 0
        while index < rows.count {
            let host = rows[index].host
            var peak = Resources.zero
            while index < rows.count, rows[index].host == host {
                peak.rise(to: rows[index].amounts)
                index += 1
            }
            if let site = siteOfHost[host] { taken[site, default: .zero] += peak }
        }
        return taken.allSatisfy { site, amounts in amounts.isWithin(left[site, default: .zero]) }
    }
}

extension Resources {
    /// Raises each amount, of what is not a GPU, to that of `other` where that is more.
    fileprivate mutating func rise(to other: Resources) {
        vcpuMilli = max(vcpuMilli, other.vcpuMilli)
        memoryMiB = max(memoryMiB, other.memoryMiB)
        diskGiB = max(diskGiB, other.diskGiB)
        bandwidthMbps = max(bandwidthMbps, other.bandwidthMbps)
    }

    fileprivate var half: Resources {
        Resources(
            vcpuMilli: vcpuMilli / 2, memoryMiB: memoryMiB / 2, diskGiB: diskGiB / 2, bandwidthMbps: bandwidthMbps / 2)
    }

    fileprivate func isWithin(_ other: Resources) -> Bool {
        vcpuMilli <= other.vcpuMilli && memoryMiB <= other.memoryMiB && diskGiB <= other.diskGiB
            && bandwidthMbps <= other.bandwidthMbps
    }
}
