package import CapacityModel

/// What is held for an offer: the plan it was given, at the rates it was given.
package struct QuoteBacking: Hashable, Sendable, Codable {
    package var offerSet: OfferSetID
    package var rates: [OrderRate]
    private var groups: [Group]
    private var relaxed: [RelaxedRule]
    private var unkept: [OrderAffinity]

    private struct Group: Hashable, Sendable, Codable {
        var host: HostID
        var site: SiteID
        var count: Int
    }

    package init(offerSet: OfferSetID, plan: Plan, rates: [OrderRate]) {
        self.offerSet = offerSet
        self.rates = rates
        groups = plan.groups.map { Group(host: $0.host, site: $0.site, count: $0.count) }
        relaxed = plan.relaxed
        unkept = plan.unkept
    }

    package var plan: Plan {
        Plan(
            groups: groups.map { Plan.Group(host: $0.host, site: $0.site, count: $0.count) }, relaxed: relaxed,
            unkept: unkept)
    }
}
