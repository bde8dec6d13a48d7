/// The answer to where: how many instances on which host. Deterministic for one inventory version and one demand.
package struct Plan: Hashable, Sendable {
    package struct Group: Hashable, Sendable {
        package var host: HostID
        package var site: SiteID
        package var count: Int
        /// The GPUs of the host that each of the count is on, by index, rising; none where the spec asks for none.
        package var devices: [Int]

        package init(host: HostID, site: SiteID, count: Int, devices: [Int] = []) {
            self.host = host
            self.site = site
            self.count = count
            self.devices = devices
        }
    }

    /// Ordered by host, then by devices; each host once for each set of devices; every count positive.
    package var groups: [Group]
    /// What is held in reserve beside them, in the same order; none unless a loss shall be survived.
    package var spare: [Group]
    /// The relaxable rules that had to be softened or dropped.
    package var relaxed: [RelaxedRule]
    /// The relaxable affinities that had to be dropped.
    package var unkept: [OrderAffinity]

    package init(
        groups: [Group], spare: [Group] = [], relaxed: [RelaxedRule] = [], unkept: [OrderAffinity] = []
    ) {
        self.groups = groups
        self.spare = spare
        self.unkept = unkept
        self.relaxed = relaxed
    }

    package var count: Int { groups.reduce(0) { $0 + $1.count } }
    package var spareCount: Int { spare.reduce(0) { $0 + $1.count } }
    /// Everything that is taken out of hosts.
    package var taken: [Group] { groups + spare }
}

/// What placement is asked: the part of an order it needs, in absolute time.
package struct Demand: Hashable, Sendable {
    package var count: Int
    /// The fewest that are an acceptable answer.
    package var leastAcceptable: Int
    package var unit: Resources
    package var scope: Scope
    /// The stretch of the ledger to take, lead and grace included.
    package var held: Window
    package var spread: [SpreadRule]
    /// Instances this order already has, by host: they count in its spread rules and take no capacity here.
    package var existing: [HostID: Int]
    /// The count that shares are taken of; the order's own, also when only a few are placed again.
    package var shareBase: Int
    /// Hosts not to use, such as the one an instance just failed on.
    package var avoiding: Set<HostID>
    /// Which sites come first, where rules leave a choice.
    package var preference: SitePreference?
    /// Other orders whose instances it stands with or apart from.
    package var neighbours: [Neighbour]
    /// What it survives; then it is all or nothing, and placed together with its spare.
    package var survives: Survival?
    /// How much of `existing` is spare already, where more is placed for an order that has some.
    package var existingSpare: Int

    package init(
        count: Int,
        leastAcceptable: Int? = nil,
        unit: Resources,
        scope: Scope = .nationwide,
        held: Window,
        spread: [SpreadRule] = [],
        existing: [HostID: Int] = [:],
        shareBase: Int? = nil,
        avoiding: Set<HostID> = [],
        preference: SitePreference? = nil,
        neighbours: [Neighbour] = [],
        survives: Survival? = nil,
        existingSpare: Int = 0
    ) {
        self.count = count
        self.leastAcceptable = leastAcceptable ?? count
        self.unit = unit
        self.scope = scope
        self.held = held
        self.spread = spread
        self.existing = existing
        self.shareBase = shareBase ?? count
        self.avoiding = avoiding
        self.preference = preference
        self.neighbours = neighbours
        self.survives = survives
        self.existingSpare = existingSpare
    }

    /// The demand of a whole order whose customer's window is `window`.
    package init(_ order: OrderRequest, window: Window) {
        self.init(
            count: order.count,
            leastAcceptable: order.fulfilment.leastAcceptable(of: order.count),
            unit: order.spec.resources,
            scope: order.scope,
            held: order.held(for: window),
            spread: order.spread,
            preference: order.prefer.map { SitePreference($0) },
            survives: order.survive
        )
    }
}

/// What placement answers. Being short of capacity is an answer, not an error.
package enum Verdict: Hashable, Sendable {
    /// Enough was found; `missing` more were asked for than the plan has (0 under `allOrNothing`).
    case placed(Plan, missing: Int)
    /// Fewer than acceptable were found.
    case short(Shortage)
}

/// Why there is too little, and the most there is.
package struct Shortage: Hashable, Sendable {
    /// The most instances that can be had under the order's hard rules.
    package var available: Int
    package var missing: Int
    /// What binds, the tightest first; never empty.
    package var gap: [Gap]
    /// What of the spec is too large, where `spec` is what binds.
    package var excess: [Excess]

    package init(available: Int, missing: Int, gap: [Gap], excess: [Excess] = []) {
        self.available = available
        self.missing = missing
        self.gap = gap
        self.excess = excess
    }
}

/// One thing that binds.
package struct Gap: Hashable, Sendable {
    package enum Bound: String, CaseIterable, Sendable, Codable {
        /// No site matches the scope.
        case scope
        /// No host is large enough, even when empty.
        case spec
        /// Other orders are where this one may not be, or not where it has to be.
        case affinity
        /// What is protected for other tenants is out of reach.
        case headroom
        /// Hosts are full in this window.
        case capacity
        /// A spread rule keeps the rest out.
        case spread
        /// There is room for it, but not for a spare that would replace what one site has.
        case survival
        /// Waiting for what is missing would do, but no more orders may wait.
        case waiting
    }

    package var bound: Bound
    /// The level of the binding rule, where `bound` is `spread`.
    package var level: SpreadRule.Level?
    /// How many more would fit, at most, without this bound.
    package var missing: Int
    /// A sentence for a person.
    package var detail: String

    package init(bound: Bound, level: SpreadRule.Level? = nil, missing: Int, detail: String) {
        self.bound = bound
        self.level = level
        self.missing = missing
        self.detail = detail
    }
}
