package import CapacityModel

extension Survival {
    static func read(_ reader: FieldReader) -> Survival? {
        defer { reader.finish() }
        return reader.integer("sites", required: true, in: OrderLimits.survivedSites).map { Survival(sites: Int($0)) }
    }
}

/// What is held beside an order's instances, and delivered in place of those that a lost site had.
package struct SpareView: Codable, Sendable, Hashable {
    package var count: Int
    /// How many different sites and hosts it is on.
    package var sites: Int
    package var hosts: Int
    /// What holding it costs: nothing. What is delivered of it is billed as the instances are that it stands in for.
    package var amountMicro: Int64
    package var groups: [PlanView.Group]

    /// `nil` where an order has none, nor asks for one.
    package init?(_ survive: Survival?, groups: [PlanView.Group]) {
        guard survive != nil else { return nil }
        self.groups = groups
        count = groups.reduce(0) { $0 + $1.count }
        sites = Set(groups.map(\.site)).count
        hosts = Set(groups.map(\.host)).count
        amountMicro = 0
    }
}
