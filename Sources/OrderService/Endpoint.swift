import HTTPTypes
import Hummingbird

/// One row of the table of what is served: from it come the router, the refusal of other methods, and the paths of
/// `/openapi.json`, so that none can say something else.
struct Endpoint: Sendable {
    /// Who may call.
    enum Access: String, Sendable, CaseIterable {
        /// Anybody, without a key.
        case everyone
        /// A tenant, for its own orders; an operator, for all.
        case customers
        case operators
        case agents
    }

    /// How long an answer is held open, which decides the limit it counts against.
    enum Pace: Sendable {
        /// Answered as soon as the database has answered.
        case prompt
        /// Held open until something happens; costs memory only.
        case waiting
        /// Answered even when the service is full, so that it can be watched then.
        case always
    }

    let method: HTTPRequest.Method
    /// With parameters in braces: `/v1/orders/{id}:cancel`.
    let path: String
    let access: Access
    let pace: Pace
    let description: EndpointDescription
    let answer: @Sendable (Request, ServiceContext) async throws -> Response

    init(
        _ method: HTTPRequest.Method,
        _ path: String,
        for access: Access,
        pace: Pace = .prompt,
        _ description: EndpointDescription,
        answer: @escaping @Sendable (Request, ServiceContext) async throws -> Response
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.pace = pace
        self.description = description
        self.answer = answer
    }
}
