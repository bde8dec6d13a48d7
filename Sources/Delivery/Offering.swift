import CapacityModel
import CapacityStore
import Metering
import Placement

/// Answers what one picture of the fleet has to say to one order: plan, price, refusal, offers. Pure.
struct Offering {
    let picture: Planner.Picture
    let book: PriceBook
    /// What the customer's quotas leave in the window of the order in question, for it and its alternatives.
    var allowance = Allowance()
    /// Where the orders are that the order's affinities name.
    var neighbours: [Neighbour] = []

    /// A start a little in the past is taken as it is: clocks differ, and an accepted offer may have been for "now".
    static let startTolerance = Duration.seconds(60)
    /// How far ahead of now a window may end.
    static let horizon = Duration.seconds(400 * 86_400)
    /// How long a quote's price can be taken up.
    static let quoteLife = Duration.seconds(300)
    /// How far ahead a later start is looked for.
    static let laterWithin = Duration.seconds(7 * 86_400)

    enum Answer {
        case placed(Placed)
        case short(Shortage)
        case exceeded(QuotaExcess)
        case badTiming(TimingFault)

        /// Whether some of it gets a place, and not only a right to wait.
        var isPlaced: Bool {
            if case .placed(let placed) = self { placed.plan.count > 0 } else { false }
        }
    }

    struct Placed {
        var window: Window
        var plan: Plan
        var missing: Int
        /// Of what is delivered; what is held beside it costs nothing until it is delivered in place of that.
        var price: Price
    }

    func answer(_ request: OrderRequest) throws(StoreError) -> Answer {
        let window = request.timing.window(at: picture.now)
        if let fault = Self.fault(of: window, at: picture.now) { return .badTiming(fault) }
        switch allowance.place(demand(request, window: window), on: picture.inventory) {
        case .placed(let plan, let missing):
            if let shortage = picture.refusal(toWaitWith: plan, of: request) { return .short(shortage) }
            let price = try price(of: plan, for: request, window: window)
            return .placed(Placed(window: window, plan: plan, missing: missing, price: price))
        case .short(let shortage):
            return .short(shortage)
        case .exceeded(let excess):
            return .exceeded(excess)
        }
    }

    /// The first of the orders, by rank, of which something is placed, with its answer; where there is none, the first
    /// that may wait, and else the refusal of the first of all.
    func answer(_ request: OrderRequest, else alternatives: [OrderRequest]) throws(StoreError) -> (OrderRequest, Answer)
    {
        var fallback = (request, try answer(request))
        if fallback.1.isPlaced { return fallback }
        for alternative in alternatives {
            let next = (alternative, try answer(alternative))
            if next.1.isPlaced { return next }
            if case (.short, .placed) = (fallback.1, next.1) { fallback = next }
        }
        return fallback
    }

    /// The demand of an order, which knows what instances of it cost where its customer cares.
    func demand(_ request: OrderRequest, window: Window) -> Demand {
        var demand = Demand(request, window: window)
        demand.preference = request.prefer.map { SitePreference($0, hourMicro: rates(of: request).hourMicro) }
        demand.neighbours = neighbours
        return demand
    }

    static func fault(of window: Window, at now: Instant) -> TimingFault? {
        if window.start < now - startTolerance || window.end <= now {
            return .past(start: window.start, now: now)
        }
        let latest = latestEnd(at: now)
        return window.end > latest ? .beyondHorizon(end: window.end, latest: latest) : nil
    }

    /// No window may end later than this.
    static func latestEnd(at now: Instant) -> Instant { (now + horizon).wholeSecond }

    /// What would work instead of `request`, the best first, each placed and priced as the order it would be.
    func alternatives(to request: OrderRequest, next: NextStart) throws(StoreError) -> [Alternative] {
        let window = request.timing.window(at: picture.now)
        let proposals = counterProposals(for: demand(request, window: window), on: picture.inventory, next: next)
        var alternatives: [Alternative] = []
        for proposal in proposals {
            let (kind, changed) = request.changed(by: proposal)
            if case .placed(let placed) = try answer(changed), placed.missing == 0 || kind != .fewer {
                alternatives.append(Alternative(kind: kind, request: changed, placed: placed))
            }
        }
        return alternatives
    }

    /// The most of `request` that quotas and hosts allow as an order of its own; `nil` where that is nothing, or all.
    func fewer(than request: OrderRequest) throws(StoreError) -> Alternative? {
        let window = request.timing.window(at: picture.now)
        guard let count = allowance.fewer(than: demand(request, window: window), on: picture.inventory) else {
            return nil
        }
        let (kind, changed) = request.changed(by: .fewer(count: count))
        guard case .placed(let placed) = try answer(changed), placed.missing == 0 else { return nil }
        return Alternative(kind: kind, request: changed, placed: placed)
    }

    /// Whether fewer instances lose a smaller share of `request` than a later start does.
    func givesUpLess(_ fewer: Alternative, than later: Alternative, of request: OrderRequest) -> Bool {
        let demand = demand(request, window: request.timing.window(at: picture.now))
        return demand.givesUpLess(
            with: fewer.placed.plan.count, thanFrom: later.placed.window.start - request.timing.lead)
    }

    /// When all of `request` fits next, as far as is looked.
    func next(_ request: OrderRequest) -> NextStart {
        let window = request.timing.window(at: picture.now)
        let last = window.start + Self.laterWithin
        return nextStart(for: demand(request, window: window), on: picture.inventory, notLaterThan: last)
    }

    /// Why `request` is refused, part by part of its scope.
    func explanation(of request: OrderRequest, next: NextStart) -> RefusalExplanation {
        let window = request.timing.window(at: picture.now)
        return RefusalExplanation(
            of: demand(request, window: window), lead: request.timing.lead, next: next, on: picture.inventory)
    }

    /// Why the plan of `request` is as it is.
    func explanation(of placed: Placed, for request: OrderRequest) -> QuoteExplanation {
        let demand = demand(request, window: placed.window)
        return QuoteExplanation(
            plan: explain(placed.plan, of: demand, on: picture.inventory), parts: explain(demand, on: picture.inventory)
        )
    }

    struct Alternative {
        var kind: Offer.Kind
        var request: OrderRequest
        var placed: Placed
    }

    /// Groups of a plan with the names of their hosts and sites, by site, host and its GPUs.
    func named(_ groups: [Plan.Group]) -> [PlacedGroup] {
        groups.compactMap { group -> PlacedGroup? in
            guard let host = picture.inventory.host(group.host), let site = picture.inventory.site(group.site) else {
                return nil
            }
            return PlacedGroup(
                hostID: host.id, site: site.name, host: host.name, province: site.province, city: site.city,
                carrier: site.carrier, count: group.count, devices: group.devices
            )
        }
        .sorted { ($0.site, $0.host, $0.devices.first ?? 0) < ($1.site, $1.host, $1.devices.first ?? 0) }
    }

    private func price(
        of plan: Plan, for request: OrderRequest, window: Window
    ) throws(StoreError) -> Price {
        let counts: [Area: Int] = plan.groups.reduce(into: [:]) { counts, group in
            if let area = picture.inventory.site(group.site)?.area { counts[area, default: 0] += group.count }
        }
        let price = book.price(request.spec.resources, counts: counts, for: window.duration)
        guard let price else { throw .missingRates }
        return price
    }

    /// The rate of every area the book has, fixed for an order: its instances may be placed again elsewhere.
    func rates(of request: OrderRequest) -> [OrderRate] {
        Area.allCases.compactMap { area in
            book.instanceHourMicro(request.spec.resources, in: area).map {
                OrderRate(area: area, currency: book.currency, instanceHourMicro: $0)
            }
        }
    }
}

extension OrderRequest {
    /// The order that `proposal` makes of this one.
    fileprivate func changed(by proposal: CounterProposal) -> (Offer.Kind, OrderRequest) {
        var changed = self
        switch proposal {
        case .withoutSpare:
            changed.survive = nil
            return (.withoutSpare, changed)
        case .softer(let spread):
            changed.spread = spread
            return (.softer, changed)
        case .wider(let scope):
            changed.scope = scope
            return (.wider, changed)
        case .otherSpec(let unit, let count):
            changed.spec.resources = unit
            changed.count = count
            // Where the spec is halved and the count doubled, so is what is acceptable.
            if let minCount = fulfilment.minCount { changed.fulfilment.minCount = minCount * count / self.count }
            return (.otherSpec, changed)
        case .later(let start):
            changed.timing.start = start + timing.lead
            return (.later, changed)
        case .fewer(let count):
            changed.count = count
            if let minCount = fulfilment.minCount { changed.fulfilment.minCount = min(minCount, count) }
            return (.fewer, changed)
        }
    }
}

extension RefusalExplanation {
    /// Why `demand` is refused, and when it would fit: `next`, looked for as far as ``Offering/laterWithin``.
    init(of demand: Demand, lead: Duration, next: NextStart, on inventory: Inventory) {
        self.init(
            nextStart: nil, searchedUntil: demand.held.start + lead + Offering.laterWithin,
            parts: explain(demand, on: inventory))
        switch next {
        case .never: break
        case .at(let start):
            nextStart = start + lead
            searchedUntil = start + lead
        case .notBefore(let start): searchedUntil = start + lead
        }
    }
}
