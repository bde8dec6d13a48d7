/// What one part of a scope has to say to a demand, when all of it is asked for there.
package struct ScopePart: Hashable, Sendable {
    /// Which sites; `nil` is the whole scope.
    package var selector: Scope.Selector?
    /// The sites the scope admits there, and their hosts.
    package var sites: Int
    package var hosts: Int
    /// How many fit under the hard rules, and how many are missing.
    package var available: Int
    package var missing: Int
    /// What keeps more from fitting, what keeps most out first. Empty where nothing is missing, or no constraint could help.
    package var bindings: [Binding]

    package init(
        selector: Scope.Selector?, sites: Int, hosts: Int, available: Int, missing: Int, bindings: [Binding]
    ) {
        self.selector = selector
        self.sites = sites
        self.hosts = hosts
        self.available = available
        self.missing = missing
        self.bindings = bindings
    }
}

/// One constraint that binds.
package struct Binding: Hashable, Sendable {
    package var constraint: Constraint
    /// How many more fit without it alone; of those that bind together, without all of them.
    package var gain: Int
    /// Whether lifting it alone helps nothing: all those listed bind together, and none of them can stay.
    package var isTogether: Bool

    package init(_ constraint: Constraint, gain: Int, isTogether: Bool = false) {
        self.constraint = constraint
        self.gain = gain
        self.isTogether = isTogether
    }
}

/// Something an order asks for, or finds, that can keep instances out.
package enum Constraint: Hashable, Sendable {
    /// Sites that the scope excludes.
    case exclusion
    /// A capability that sites must have.
    case capability(String)
    /// An amount that hosts must have.
    case vcpu, memory, disk, bandwidth, gpu
    /// The model of the GPUs.
    case gpuModel
    /// Hosts that operators have closed for some of the window.
    case closures
    /// What operators protect for tenants of another class.
    case headroom
    /// What others hold without deploying, in a window that overlaps.
    case holds
    /// All that is reserved in a window that overlaps, held or ordered.
    case reservations
    /// The hard spread rules of one level.
    case spread(SpreadRule.Level)
    /// That the loss of a site is survived.
    case survival
}
