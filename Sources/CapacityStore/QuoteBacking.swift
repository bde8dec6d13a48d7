package import CapacityModel

/// What is held for an offer: the plan it was given, at the rates it was given.
package struct QuoteBacking: Hashable, Sendable, Codable {
    package var offerSet: OfferSetID
    package var rates: [OrderRate]
    private var groups: [Group]
    /// `nil` in quotes of releases that knew of none.
    private var spare: [Group]?
    private var relaxed: [RelaxedRule]
    private var unkept: [OrderAffinity]

    private struct Group: Hashable, Sendable, Codable {
        var host: HostID
        var site: SiteID
        var count: Int
        /// Absent of what was written before GPUs were held.
        var devices: [Int]?

        init(_ group: Plan.Group) {
            (host, site, count, devices) = (group.host, group.site, group.count, group.devices)
        }

        var planned: Plan.Group { Plan.Group(host: host, site: site, count: count, devices: devices ?? []) }
    }

    package init(offerSet: OfferSetID, plan: Plan, rates: [OrderRate]) {
        self.offerSet = offerSet
        self.rates = rates
        groups = plan.groups.map { Group($0) }
        spare = plan.spare.isEmpty ? nil : plan.spare.map { Group($0) }
        relaxed = plan.relaxed
        unkept = plan.unkept
    }

    package var plan: Plan {
        Plan(
            groups: groups.map(\.planned), spare: (spare ?? []).map(\.planned), relaxed: relaxed, unkept: unkept)
    }
}
