import CapacityAPI
import CapacityModel
import CapacityStore
import Delivery
import HTTPTypes
import Hummingbird

/// Changes of an order's terms: `:cancel`, `:extend`, `:shorten`, `:scale`.
struct OrderChangeRoutes: Sendable {
    let desk: OrderDesk
    let store: Store

    var endpoints: [Endpoint] {
        [
            endpoint("cancel", "Ends the order now: everything is released.", body: "NoFields") { body, _ in
                try NoFields.read(body).orProblem()
                return .cancel
            },
            endpoint("extend", "Moves the window's end to a later instant, if there is room.", body: "NewEnd") {
                .extend(to: try NewEnd.read($0).orProblem().instant(from: $1.window.start))
            },
            endpoint("shorten", "Moves the window's end to an earlier instant.", body: "NewEnd") {
                .shorten(to: try NewEnd.read($0).orProblem().instant(from: $1.window.start))
            },
            endpoint(
                "scale",
                "Changes the count, if there is room; to fewer so that hard spread rules are kept, if any choice keeps them.",
                body: "NewCount"
            ) { body, _ in
                .scale(to: try NewCount.read(body).orProblem())
            },
        ]
    }

    private func endpoint(
        _ verb: String,
        _ summary: String,
        body schema: String,
        change: @escaping @Sendable (JSONValue, OrderRecord) throws -> OrderChange
    ) -> Endpoint {
        Endpoint(
            .post, "/v1/orders/{id}:\(verb)", for: .customers,
            EndpointDescription(
                "\(verb)Order", summary,
                parameters: [.ifMatch],
                body: ("application/json", schema, verb != "cancel"),
                answers: [.json("OrderView", "The order after the change.")],
                problems: [404, 409, 412, 413, 415, 422]
            )
        ) { request, context in
            let body = try await request.json(empty: .object([:]))
            let record = try await store.visibleOrder(context)
            let revision = try request.revision(orElse: OrderChangeRoutes.mismatch(current: record.revision))
            let change = try change(body, record)
            let tenant = try context.visibleTenant
            let outcome = try await desk.change(record.id, tenant: tenant, change, revision: revision)
            return try await answer(outcome)
        }
    }

    private static func mismatch(current: Int64) -> Problem {
        Problem(.preconditionFailed, detail: "the order is at revision \(current) now; read it again")
    }

    private func answer(_ outcome: ChangeOutcome) async throws -> Response {
        switch outcome {
        case .changed(let record):
            return try await store.answer(record)
        case .notFound:
            throw Problem(.notFound, detail: "there is no such order among yours")
        case .revisionMismatch(let current):
            throw OrderChangeRoutes.mismatch(current: current)
        case .tooLate(let state):
            throw Problem(.conflict, detail: "the order is \(state.rawValue), which is too late for this")
        case .refused(let refusal):
            throw Problem(refusal)
        case .quotaExceeded(let excess, let offers):
            throw Problem(excess, offers: offers)
        case .contradiction(let why):
            throw Problem(
                .invalidOrder, detail: why, errors: [FieldError(pointer: "", code: .contradiction, detail: why)]
            )
        }
    }
}
