package import CapacityModel

/// A counter-proposal: the same order, or reservation, with these fields changed.
package struct OfferView: Codable, Sendable, Hashable {
    package enum Kind: String, Codable, Sendable, CaseIterable {
        /// Without `survive`.
        case withoutSpare
        /// With `spread` in place of its own.
        case softer
        /// With `scope` in place of its own.
        case wider
        /// With the amounts of `spec`, and `count` of them.
        case otherSpec
        /// With `window`.
        case later
        /// With `count`.
        case fewer
        /// Of an extension: with the end of `window`, which is earlier.
        case shorter
    }

    package var kind: Kind
    package var count: Int
    package var window: WindowView
    /// Absent, as are the next three, of a reservation: it has no price, and is asked for anew.
    package var price: PriceView?
    /// Send the changed order with this `quoteId`, or the `quoteId` alone, until `expiresAt`.
    package var quoteId: String?
    package var expiresAt: Instant?
    /// Until then it is held: accepted by then, it succeeds, whoever came in between. Absent where nothing is held.
    package var heldUntil: Instant?
    package var scope: Scope?
    package var spread: [SpreadRule]?
    package var spec: AmountsView?

    package init(
        kind: Kind, count: Int, window: WindowView, price: PriceView?, quoteId: String?, expiresAt: Instant?,
        heldUntil: Instant? = nil, scope: Scope? = nil, spread: [SpreadRule]? = nil, spec: AmountsView? = nil
    ) {
        self.kind = kind
        self.count = count
        self.window = window
        self.price = price
        self.quoteId = quoteId
        self.expiresAt = expiresAt
        self.heldUntil = heldUntil
        self.scope = scope
        self.spread = spread
        self.spec = spec
    }
}
