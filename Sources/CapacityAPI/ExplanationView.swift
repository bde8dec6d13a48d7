package import CapacityModel

/// Why an order is refused, beyond its `gap`: part by part of its scope, and when it would fit.
package struct RefusalExplanationView: Codable, Sendable, Hashable {
    /// The earliest start at which the same order fits, or as much of it as is acceptable; absent where none was found up to
    /// `searchedUntil`.
    package var nextStart: Instant?
    package var searchedUntil: Instant
    /// The whole scope, then its parts.
    package var parts: [ScopePartView]

    package init(nextStart: Instant?, searchedUntil: Instant, parts: [ScopePartView]) {
        self.nextStart = nextStart
        self.searchedUntil = searchedUntil
        self.parts = parts
    }
}

/// What one part of a scope has to say to all of an order.
package struct ScopePartView: Codable, Sendable, Hashable {
    package struct BindingView: Codable, Sendable, Hashable {
        /// `exclusion`, `capability`, an amount of the spec, `gpuModel`, `closures`, `headroom`, `holds`, `reservations`,
        /// `spread` or `survival`.
        package var constraint: String
        /// Which capability, or the level of the rules.
        package var name: String?
        /// How many more fit without it; without all of those that bind together.
        package var gain: Int
        package var together: Bool

        package init(_ binding: Binding) {
            (constraint, name) = binding.constraint.words
            gain = binding.gain
            together = binding.isTogether
        }
    }

    /// Absent for the whole scope.
    package var scope: Scope.Selector?
    package var sites: Int
    package var hosts: Int
    package var available: Int
    package var missing: Int
    package var bindings: [BindingView]

    package init(_ part: ScopePart) {
        scope = part.selector
        sites = part.sites
        hosts = part.hosts
        available = part.available
        missing = part.missing
        bindings = part.bindings.map { BindingView($0) }
    }
}

/// Why a quote's plan is as it is.
package struct QuoteExplanationView: Codable, Sendable, Hashable {
    package struct Step: Codable, Sendable, Hashable {
        package var step: String
        package var sites: Int
        package var hosts: Int
        package var instances: Int?

        package init(step: String, sites: Int, hosts: Int, instances: Int?) {
            self.step = step
            self.sites = sites
            self.hosts = hosts
            self.instances = instances
        }
    }

    package struct Use: Codable, Sendable, Hashable {
        package var level: SpreadRule.Level
        package var limit: Int?
        package var minGroups: Int?
        package var groups: Int
        package var largest: Int
        package var relaxed: Bool

        package init(
            level: SpreadRule.Level, limit: Int?, minGroups: Int?, groups: Int, largest: Int, relaxed: Bool
        ) {
            self.level = level
            self.limit = limit
            self.minGroups = minGroups
            self.groups = groups
            self.largest = largest
            self.relaxed = relaxed
        }
    }

    package struct Choice: Codable, Sendable, Hashable {
        package var site: String
        package var rank: Int
        package var room: Int
        package var count: Int

        package init(site: String, rank: Int, room: Int, count: Int) {
            self.site = site
            self.rank = rank
            self.room = room
            self.count = count
        }
    }

    /// What each constraint left of the fleet, in order.
    package var steps: [Step]
    package var parts: [ScopePartView]
    package var spread: [Use]
    /// The sites of the plan in the order of preference, the first 100.
    package var choices: [Choice]

    package init(steps: [Step], parts: [ScopePartView], spread: [Use], choices: [Choice]) {
        self.steps = steps
        self.parts = parts
        self.spread = spread
        self.choices = choices
    }
}

extension Constraint {
    fileprivate var words: (constraint: String, name: String?) {
        switch self {
        case .exclusion: ("exclusion", nil)
        case .capability(let name): ("capability", name)
        case .vcpu: ("vcpu", nil)
        case .memory: ("memory", nil)
        case .disk: ("disk", nil)
        case .bandwidth: ("bandwidth", nil)
        case .gpu: ("gpu", nil)
        case .gpuModel: ("gpuModel", nil)
        case .closures: ("closures", nil)
        case .headroom: ("headroom", nil)
        case .holds: ("holds", nil)
        case .reservations: ("reservations", nil)
        case .spread(let level): ("spread", level.rawValue)
        case .survival: ("survival", nil)
        }
    }
}
