import CapacityModel

/// Which sites an order is first placed on. A quote that a few hundred hosts can answer does not look at the whole fleet.
///
/// Sites are taken in by size, until what they can spare without breaking a large slot is half as much again as what is
/// wanted, so that the planner has a choice. Lists of different orders begin at different sites, because planners that all
/// choose the same hosts wait for each other there. Where an order does not fit on its list, all sites are looked at, so a
/// list never refuses.
struct Shortlist: Sendable {
    /// So many sites are on a list in any case.
    private static let leastSites = 16
    private static let leastGPUHosts = 256
    /// Fleets of more sites have lists.
    private static let largestWhole = 64

    private let wanted: Int
    private let perSite: Int
    private let perHost: Int
    private let isCountedWhole: Bool
    /// So many hosts with room are on the list of an order with GPUs, of which some have what suits it.
    private let leastHosts: Int
    /// All sites, from the one on with which the list begins.
    let order: [Int]
    private var sites = 0
    private var hosts = 0
    private var found = 0

    /// `nil` for a demand that has to be held against all sites: one with a preference among them, with groups that are to
    /// be alike, or with neighbours; and where all sites are few.
    init?(for demand: Demand, on inventory: Inventory) {
        let bounds = SpreadBounds(demand.spread, base: demand.shareBase)
        guard demand.count > 0, demand.preference == nil, demand.neighbours.isEmpty, bounds.skews.isEmpty,
            inventory.sites.count > Self.largestWhole
        else { return nil }
        wanted = demand.count + demand.count / 2
        perSite = bounds.limits[SpreadRule.Level.site.position] ?? demand.count
        perHost = bounds.limits[SpreadRule.Level.host.position] ?? demand.count
        let isLarge = LargeSlot.count(vcpuMilli: demand.unit.vcpuMilli, memoryMiB: demand.unit.memoryMiB) > 0
        let hasGPUs = demand.unit.gpuUse != nil
        isCountedWhole = isLarge || hasGPUs
        leastHosts = hasGPUs ? Self.leastGPUHosts : 0
        let first = Self.lot(of: demand, among: inventory.sites.count)
        order = Array(inventory.sitesBySize[first...] + inventory.sitesBySize[..<first])
    }

    /// From what does not change while a customer thinks about a quote: the window of an order for now moves on meanwhile, and
    /// other sites may have another price.
    private static func lot(of demand: Demand, among count: Int) -> Int {
        var lot = SplitMix64(seed: UInt64(demand.count))
        for part in [demand.held.duration.wholeSeconds, demand.unit.vcpuMilli, demand.unit.memoryMiB] {
            lot = SplitMix64(seed: lot.next() ^ UInt64(bitPattern: Int64(part)))
        }
        return lot.below(count)
    }

    var isLongEnough: Bool { sites >= Self.leastSites && found >= wanted && hosts >= leastHosts }

    /// - Parameters:
    ///   - open: How many of them take one instance.
    ///   - room: How many instances fit on the hosts of a site.
    ///   - spare: How many of them cost no large slot, which a large one always does; not asked of one with
    ///     GPUs.
    mutating func add(hosts: Int, open: Int, room: Int, spare: Int) {
        sites += 1
        self.hosts += open
        found += min(isCountedWhole ? room : spare, perSite, hosts * min(perHost, wanted))
    }
}

extension SpreadProblem {
    /// The problem over a short list of sites, and its answer, where that places all of `demand` with every rule kept.
    static func onShortlist(_ demand: Demand, on inventory: Inventory) -> (problem: SpreadProblem, Allocation)? {
        guard let shortlist = Shortlist(for: demand, on: inventory) else { return nil }
        var supply = Supply(of: demand, on: inventory, shortlist: shortlist)
        supply.preferUnfragmented(demand, on: inventory)
        let problem = SpreadProblem(demand, rules: demand.spread, supply: supply, on: inventory)
        guard (problem.needed.max() ?? 0) <= demand.count else { return nil }
        let allocation = problem.greedy()
        guard allocation.total == demand.count, problem.satisfiesNeeds(allocation) else { return nil }
        return (problem, allocation)
    }
}
