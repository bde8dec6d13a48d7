/// That an order's instances stand together with those of another order of its tenant, or apart from them.
package struct OrderAffinity: Hashable, Sendable, Codable {
    package enum Kind: String, CaseIterable, Sendable, Codable {
        /// Only in groups that have an instance of the other order.
        case together
        /// Only in groups that have none. Where it is hard it binds the other order as well, whenever that grows.
        case apart
    }

    package var kind: Kind
    package var order: OrderID
    package var level: SpreadRule.Level
    package var whenUnsatisfiable: SpreadRule.WhenUnsatisfiable

    package init(
        _ kind: Kind, order: OrderID, level: SpreadRule.Level,
        whenUnsatisfiable: SpreadRule.WhenUnsatisfiable = .reject
    ) {
        self.kind = kind
        self.order = order
        self.level = level
        self.whenUnsatisfiable = whenUnsatisfiable
    }
}

/// An affinity with where the other order's instances are, as placement needs it.
package struct Neighbour: Hashable, Sendable {
    package var affinity: OrderAffinity
    package var hosts: Set<HostID>

    package init(_ affinity: OrderAffinity, hosts: Set<HostID>) {
        self.affinity = affinity
        self.hosts = hosts
    }
}
