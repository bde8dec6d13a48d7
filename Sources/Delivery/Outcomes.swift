package import CapacityModel
package import CapacityStore
package import Metering
package import Placement

/// A plan with a price and a time to live. Holds nothing.
package struct Quote: Hashable, Sendable {
    package var id: String
    package var expiresAt: Instant
    /// The order's own, or that of the alternative it is for.
    package var spec: Spec
    package var window: Window
    package var count: Int
    package var missing: Int
    package var groups: [PlacedGroup]
    package var survive: Survival?
    /// What would be held beside them, free of charge until it is delivered in place of one of them.
    package var spare: [PlacedGroup]
    package var relaxed: [RelaxedRule]
    /// Relaxable affinities the plan could not keep.
    package var unkept: [OrderAffinity]
    package var price: Price
    /// Where it was asked for.
    package var explanation: QuoteExplanation?
}

/// Why a quote is as it is.
package struct QuoteExplanation: Hashable, Sendable {
    package var plan: PlanExplanation
    package var parts: [ScopePart]
}

/// Why an order is refused, part by part of its scope, and when it would fit.
package struct RefusalExplanation: Hashable, Sendable {
    package var nextStart: Instant?
    /// No start before this one fits.
    package var searchedUntil: Instant
    package var parts: [ScopePart]
}

/// There is too little, why, and what would work instead.
package struct Refusal: Hashable, Sendable {
    package var shortage: Shortage
    package var offers: [Offer]
    package var explanation: RefusalExplanation?
}

/// A counter-proposal; to an order, kept as a quote: this other order can be made at this price.
package struct Offer: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case withoutSpare, softer, wider, otherSpec, later, fewer, shorter
    }

    package var kind: Kind
    package var count: Int
    package var window: Window
    /// What differs, where it is of that kind.
    package var scope: Scope?
    package var spread: [SpreadRule]?
    package var unit: Resources?
    /// What accepts it; `nil` of a hold, a change of an order, and an order out of a hold, which are asked for anew.
    package var quote: Quoted?

    package struct Quoted: Hashable, Sendable {
        package var id: String
        /// The order as it would be.
        package var request: OrderRequest
        package var price: Price
        /// Until when its price can be taken up while there is room.
        package var expiresAt: Instant
        /// Until when there is room whoever comes: it is held. `nil` where it is not.
        package var heldUntil: Instant?
    }
}

/// What is wrong with when.
package enum TimingFault: Error, Hashable, Sendable {
    case past(start: Instant, now: Instant)
    case beyondHorizon(end: Instant, latest: Instant)
}

package enum QuoteOutcome: Hashable, Sendable {
    case quoted(Quote)
    case refused(Refusal)
    /// The tenant would have more than it may; with what it may have instead.
    case quotaExceeded(QuotaExcess, offers: [Offer] = [])
    case badTiming(TimingFault)
    /// An affinity names an order that is none of the tenant's.
    case unknownOrder
}

package enum OrderOutcome: Hashable, Sendable {
    case accepted(OrderRecord, replayed: Bool)
    case refused(Refusal)
    /// The tenant would have more than it may; with what it may have instead.
    case quotaExceeded(QuotaExcess, offers: [Offer] = [])
    case badTiming(TimingFault)
    /// An affinity names an order that is none of the tenant's.
    case unknownOrder
    /// The quote is unknown, over, for another order, or its price cannot be had any more: a sentence for a person.
    case quoteStale(String)
    /// The order cannot draw on the hold it names.
    case misfit(HoldMisfit)
    /// The idempotency key belongs to an order with another body.
    case keyReused
}

/// A change of an order's terms.
package enum OrderChange: Hashable, Sendable {
    case cancel
    case extend(to: Instant)
    case shorten(to: Instant)
    case scale(to: Int)
}

package enum ChangeOutcome: Hashable, Sendable {
    case changed(OrderRecord)
    case notFound
    case revisionMismatch(current: Int64)
    /// The order is past the point where this change has a meaning.
    case tooLate(OrderState)
    case refused(Refusal)
    /// The tenant would have more than it may; with what it may have instead.
    case quotaExceeded(QuotaExcess, offers: [Offer] = [])
    /// The change contradicts itself or the order: a sentence for a person.
    case contradiction(String)
}
