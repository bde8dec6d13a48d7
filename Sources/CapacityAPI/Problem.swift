/// An RFC 9457 problem document. Types are never renamed.
package struct Problem: Codable, Sendable, Hashable, Error {
    package enum Kind: String, Codable, Sendable, CaseIterable {
        case insufficientCapacity = "insufficient-capacity"
        case spreadUnsatisfiable = "spread-unsatisfiable"
        case quoteStale = "quote-stale"
        case quotaExceeded = "quota-exceeded"
        case invalidOrder = "invalid-order"
        case windowInPast = "window-in-past"
        case idempotencyKeyReused = "idempotency-key-reused"
        case preconditionFailed = "precondition-failed"
        case notFound = "not-found"
        case unauthenticated
        case forbidden
        case tooManyRequests = "too-many-requests"
        /// The order is past the point where this change has a meaning.
        case conflict
        case bodyTooLarge = "body-too-large"
        case methodNotAllowed = "method-not-allowed"
        case unsupportedMediaType = "unsupported-media-type"
        case unavailable
        case `internal`
    }

    package var type: Kind
    package var title: String
    package var status: Int
    package var detail: String?
    package var errors: [FieldError]?
    package var gap: [GapView]?
    package var offers: [OfferView]?
    /// Which quota stands in the way, and how, where the type is ``Kind/quotaExceeded``.
    package var quota: QuotaExcessView?
    package var explanation: RefusalExplanationView?

    package init(
        _ type: Kind,
        detail: String? = nil,
        errors: [FieldError]? = nil,
        gap: [GapView]? = nil,
        offers: [OfferView]? = nil,
        quota: QuotaExcessView? = nil,
        explanation: RefusalExplanationView? = nil
    ) {
        self.type = type
        self.title = type.title
        self.status = type.status
        self.detail = detail
        self.errors = errors
        self.gap = gap
        self.offers = offers
        self.quota = quota
        self.explanation = explanation
    }
}

extension Problem.Kind {
    package var status: Int {
        switch self {
        case .insufficientCapacity, .spreadUnsatisfiable, .quoteStale, .conflict: 409
        case .quotaExceeded, .forbidden: 403
        case .invalidOrder, .windowInPast, .idempotencyKeyReused: 422
        case .preconditionFailed: 412
        case .notFound: 404
        case .unauthenticated: 401
        case .tooManyRequests: 429
        case .bodyTooLarge: 413
        case .methodNotAllowed: 405
        case .unsupportedMediaType: 415
        case .unavailable: 503
        case .internal: 500
        }
    }

    var title: String {
        switch self {
        case .insufficientCapacity: "Not enough capacity"
        case .spreadUnsatisfiable: "The spread rules cannot be met"
        case .quoteStale: "The quote no longer holds"
        case .quotaExceeded: "The tenant's quota is used up"
        case .invalidOrder: "The request is not valid"
        case .windowInPast: "The window lies in the past"
        case .idempotencyKeyReused: "The idempotency key belongs to another order"
        case .preconditionFailed: "The order has changed"
        case .notFound: "Not found"
        case .unauthenticated: "A valid API key is needed"
        case .forbidden: "The API key may not do this"
        case .tooManyRequests: "Too many requests"
        case .conflict: "The order is past this change"
        case .bodyTooLarge: "The body is too large"
        case .methodNotAllowed: "The method is not allowed here"
        case .unsupportedMediaType: "The body's content type is not read here"
        case .unavailable: "The service cannot answer now"
        case .internal: "The service made a mistake"
        }
    }
}
