import CapacityAPI
import CapacityModel
import CapacityStore
import Delivery
import Hummingbird

/// The calendar of closed hosts and sites, for operators.
struct ClosureRoutes: Sendable {
    let desk: FleetDesk
    let store: Store

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .get, "/v1/closures", for: .operators,
                EndpointDescription(
                    "listClosures", "What is closed or will be, oldest first.",
                    parameters: [
                        .cursor, .pageSize,
                        EndpointDescription.Parameter(
                            name: "site", place: .query, schema: "Text",
                            description: "Only those of this site and of its hosts."
                        ),
                    ],
                    answers: [.json("ClosurePage", "One page.")],
                    problems: [422]
                ),
                answer: list
            ),
            Endpoint(
                .get, "/v1/closures/{id}", for: .operators,
                EndpointDescription(
                    "getClosure", "One closure, lifted or not, and what is still there.",
                    answers: [.json("Closure", "The closure as it stands.")],
                    problems: [404]
                ),
                answer: show
            ),
            Endpoint(
                .post, "/v1/closures/{id}:lift", for: .operators,
                EndpointDescription(
                    "liftClosure",
                    """
                    Ends a cordon or a loss, or cancels a maintenance or a retirement. A loss ends only when nothing of it runs any \
                    more: 409 until then. Asked again, it answers the same.
                    """,
                    body: ("application/json", "NoFields", false),
                    answers: [.json("Closure", "The closure, lifted.")],
                    problems: [404, 409, 413, 415, 422]
                ),
                answer: lift
            ),
        ]
    }

    private func list(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let query = try QueryReader(request, knows: ["cursor", "pageSize", "site"])
        let size = try query.pageSize()
        let after = try query.cursor(of: .closures).flatMap { ClosureID(text: $0) }
        let closures = try await store.closures(site: query.text("site"), after: after, limit: size + 1)
        let page = closures.prefix(size).map { ClosureView($0) }
        let next = closures.count > size ? page.last.map { Cursor(list: .closures, place: $0.id).text } : nil
        return try .json(Page(items: page, next: next))
    }

    private func show(_ request: Request, _ context: ServiceContext) async throws -> Response {
        guard let id = id(in: context), let closure = try await store.closure(id) else { throw notFound(context) }
        return try .json(try await desk.view(of: closure))
    }

    private func lift(_ request: Request, _ context: ServiceContext) async throws -> Response {
        try NoFields.read(try await request.json(empty: .object([:]))).orProblem()
        guard let id = id(in: context) else { throw notFound(context) }
        switch try await desk.lift(id) {
        case .lifted(let closure):
            return try .json(try await desk.view(of: closure))
        case .notFound:
            throw notFound(context)
        case .tooEarly(let closure, let unstopped):
            throw Problem(
                .conflict,
                detail: """
                    \(unstopped) instances may still run at \(closure.place.name), which was declared lost: its agent has not said that \
                    they are gone. Lift the loss when it has; 'loss.unstopped' of the closure counts them
                    """
            )
        }
    }

    private func id(in context: ServiceContext) -> ClosureID? {
        ClosureID(text: context.parameters.get("id") ?? "")
    }

    private func notFound(_ context: ServiceContext) -> Problem {
        let text = context.parameters.get("id") ?? ""
        return Problem(.notFound, detail: "there is no closure '\(text.prefix(64))'")
    }
}
