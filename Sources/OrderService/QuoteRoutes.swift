import CapacityAPI
import CapacityModel
import Delivery
import Hummingbird

/// What would an order get, and cost?
struct QuoteRoutes: Sendable {
    let desk: OrderDesk

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .post, "/v1/quotes", for: .customers,
                EndpointDescription(
                    "quote", "What an order would get and cost now; holds nothing.",
                    parameters: [.explain],
                    body: ("application/json", "Order", true),
                    answers: [.json("Quote", "The plan, the price, and until when they can be taken up.")],
                    problems: [409, 413, 415, 422]
                ),
                answer: quote
            )
        ]
    }

    private func quote(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let tenant = try context.orderingTenant
        let isExplained = try QueryReader(request, knows: ["explain"]).flag("explain")
        let body = try OrderRequest.read(try await request.json()).orProblem()
        guard body.reservation == nil else {
            let detail = "what a reservation holds needs no quote; order from it, or leave this out"
            let error = FieldError(pointer: "/reservationId", code: .unsupported, detail: detail)
            throw Problem(.invalidOrder, detail: detail, errors: [error])
        }
        switch try await desk.quote(
            body.order, else: body.alternatives, tenant: tenant, isExplained: isExplained)
        {
        case .quoted(let quote): return try .json(QuoteView(quote))
        case .refused(let refusal): throw Problem(refusal)
        case .quotaExceeded(let excess, let offers): throw Problem(excess, offers: offers)
        case .badTiming(let fault): throw Problem(fault)
        case .unknownOrder: throw Problem.unknownOrder(in: body.order)
        }
    }
}
