import CapacityAPI
import CapacityModel
import CapacityStore
import Delivery
import Placement

extension QuoteView {
    init(_ quote: Quote) {
        self.init(
            quoteId: quote.id,
            expiresAt: quote.expiresAt,
            count: quote.count,
            missing: quote.missing,
            spec: SpecView(quote.spec),
            window: WindowView(quote.window),
            plan: PlanView(
                groups: quote.groups.map { PlanView.Group($0) }, relaxed: quote.relaxed, unkept: quote.unkept),
            spare: SpareView(quote.survive, groups: quote.spare.map { PlanView.Group($0) }),
            price: PriceView(quote.price),
            explanation: quote.explanation.map { QuoteExplanationView($0) }
        )
    }
}

extension QuoteExplanationView {
    /// As many choices as a person would read.
    private static let choiceLimit = 100

    fileprivate init(_ explanation: QuoteExplanation) {
        let plan = explanation.plan
        self.init(
            steps: plan.steps.map {
                Step(step: $0.name.rawValue, sites: $0.sites, hosts: $0.hosts, instances: $0.instances)
            },
            parts: explanation.parts.map { ScopePartView($0) },
            spread: plan.uses.map {
                Use(
                    level: $0.rule.level, limit: $0.limit, minGroups: $0.rule.minGroups, groups: $0.groups,
                    largest: $0.largest, relaxed: $0.isRelaxed)
            },
            choices: plan.choices.prefix(Self.choiceLimit).map {
                Choice(site: $0.site, rank: $0.rank, room: $0.room, count: $0.count)
            }
        )
    }
}

extension OfferView {
    init(_ offer: Offer) {
        let kind: Kind =
            switch offer.kind {
            case .withoutSpare: .withoutSpare
            case .softer: .softer
            case .wider: .wider
            case .otherSpec: .otherSpec
            case .later: .later
            case .fewer: .fewer
            case .shorter: .shorter
            }
        self.init(
            kind: kind, count: offer.count, window: WindowView(offer.window),
            price: (offer.quote?.price).map { PriceView($0) }, quoteId: offer.quote?.id,
            expiresAt: offer.quote?.expiresAt, heldUntil: offer.quote?.heldUntil, scope: offer.scope,
            spread: offer.spread, spec: offer.unit.map { AmountsView($0) }
        )
    }
}

extension Problem {
    /// The answer to an order there is no room for: what binds, and what would work instead.
    init(_ refusal: Refusal) {
        let gap = refusal.shortage.gap
        var errors = refusal.shortage.excess.map { FieldError($0) }
        errors += gap.filter { $0.bound == .waiting }.map {
            FieldError(pointer: "/fulfilment/topUp", code: .waitingListFull, detail: $0.detail)
        }
        self.init(
            gap.first?.bound == .spread ? .spreadUnsatisfiable : .insufficientCapacity,
            detail: "\(refusal.shortage.available) can be had, \(refusal.shortage.missing) are missing",
            errors: errors.isEmpty ? nil : errors,
            gap: gap.map { GapView($0) },
            offers: refusal.offers.map { OfferView($0) },
            explanation: refusal.explanation.map {
                RefusalExplanationView(
                    nextStart: $0.nextStart, searchedUntil: $0.searchedUntil, parts: $0.parts.map { ScopePartView($0) })
            }
        )
    }

    /// The answer to a tenant who would have more than it may: which quota, by what, and when most.
    init(_ excess: QuotaExcess, offers: [Offer] = []) {
        let view = QuotaExcessView(excess)
        let model = view.gpuModel.map { " of \($0)" } ?? ""
        self.init(
            .quotaExceeded,
            detail: "quota '\(view.name)' allows \(plain(view.limit)) \(view.resource.rawValue)\(model); "
                + "\(plain(view.inUse)) are in use at \(view.at) and \(plain(view.asked)) more were asked for",
            offers: offers.isEmpty ? nil : offers.map { OfferView($0) }, quota: view
        )
    }

    /// The answer to a window that cannot be served.
    init(_ fault: TimingFault) {
        switch fault {
        case .past(let start, let now):
            let detail = "it is \(now) now; the window starts at \(start)"
            let error = FieldError(pointer: "/window/start", code: .outOfRange, detail: detail)
            self.init(.windowInPast, detail: detail, errors: [error])
        case .beyondHorizon(let end, let latest):
            let detail = "a window ends at \(latest) at the latest; this one ends at \(end)"
            let error = FieldError(pointer: "/window", code: .outOfRange, detail: detail)
            self.init(.invalidOrder, detail: detail, errors: [error])
        }
    }
}

extension Problem {
    /// The answer to an order that cannot draw on the reservation it names.
    init(_ misfit: HoldMisfit) {
        let pointer =
            switch misfit.part {
            case .reservation: "/reservationId"
            case .spec: "/spec"
            case .window: "/window"
            }
        let error = FieldError(pointer: pointer, code: .contradiction, detail: misfit.detail)
        self.init(.invalidOrder, detail: misfit.detail, errors: [error])
    }
}

extension FieldError {
    /// What is too large, in terms of an order's body.
    init(_ excess: Excess) {
        let pointer =
            switch excess.part {
            case .vcpu: "/spec/vcpu"
            case .memory: "/spec/memoryMiB"
            case .disk: "/spec/diskGiB"
            case .bandwidth: "/spec/bandwidthMbps"
            case .gpuModel: "/spec/gpu/model"
            case .gpuCount: "/spec/gpu/count"
            case .together: "/spec"
            }
        self.init(pointer: pointer, code: .exceedsEveryHost, detail: excess.detail)
    }
}

/// A number without a fraction that is none: 2, 0.5.
private func plain(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? "\(Int64(number))" : "\(number)"
}

extension Problem {
    /// The answer to an order whose affinities name an order that is none of its tenant's: the same for one that does not
    /// exist and for another's.
    static func unknownOrder(in order: OrderRequest) -> Problem {
        let name = order.affinities?.contains { $0.kind == .together } == true ? "affinity" : "antiAffinity"
        let detail = "one of the orders that are named is not among yours"
        return Problem(
            .invalidOrder, detail: detail,
            errors: [FieldError(pointer: "/\(name)", code: .unknownValue, detail: detail)])
    }
}
