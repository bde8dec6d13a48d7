import CapacityModel

/// The narrowest wider scope from which all of `demand` can be had, if any.
///
/// The steps: carriers are dropped; sites become their cities; cities become provinces; provinces become areas; at last
/// everything, labels included. Each step is taken for all selectors together. What was excluded stays excluded, and
/// capabilities stay required: those are things an order cannot do without.
func widerScope(for demand: Demand, on inventory: Inventory) -> Scope? {
    var wider = demand
    for step in WideningStep.allCases {
        let scope = wider.scope.widened(step, among: inventory.sites)
        guard scope != wider.scope else { continue }
        wider.scope = scope
        let supply = Supply(of: wider, on: inventory)
        if hasRoom(for: wider, rules: wider.hardRules, supply: supply, on: inventory) { return scope }
    }
    return nil
}

enum WideningStep: CaseIterable {
    case anyCarrier, siteToCity, cityToProvince, provinceToArea, nationwide
}

extension Scope {
    /// The scope one step wider; itself where the step changes nothing.
    func widened(_ step: WideningStep, among sites: [Site]) -> Scope {
        guard !include.isEmpty else { return self }
        var scope = self
        var selectors: [Selector] = []
        for selector in include {
            let wider = selector.widened(step, among: sites)
            // A selector of nothing is everything.
            guard wider != Selector() else {
                scope.include = []
                return scope
            }
            if !selectors.contains(wider) { selectors.append(wider) }
        }
        scope.include = selectors
        return scope
    }
}

extension Scope.Selector {
    fileprivate func widened(_ step: WideningStep, among sites: [Site]) -> Scope.Selector {
        var wider = self
        switch step {
        case .anyCarrier:
            wider.carrier = nil
        case .siteToCity:
            guard let site else { break }
            wider.site = nil
            if let found = sites.first(where: { $0.name == site }) {
                (wider.city, wider.province) = (found.city, found.province)
            }
        case .cityToProvince:
            guard let city else { break }
            wider.city = nil
            wider.province = province ?? String(city.prefix(2))
        case .provinceToArea:
            guard let province else { break }
            wider.province = nil
            wider.area = Province.named(province)?.area
        case .nationwide:
            wider = Scope.Selector()
        }
        return wider
    }
}
