import CapacityAPI
import CapacityModel
import CapacityStore
import Delivery
import HTTPTypes
import Hummingbird

/// Reservations: take capacity without deploying anything on it yet, look at what is held, give it back.
struct ReservationRoutes: Sendable {
    let desk: OrderDesk
    let store: Store

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .post, "/v1/reservations", for: .customers,
                EndpointDescription(
                    "createReservation", "Takes capacity without deploying anything. Nothing is billed for it.",
                    parameters: [.idempotencyKey],
                    body: ("application/json", "Reservation", true),
                    answers: [
                        .json("ReservationView", "The reservation, held.", status: 201),
                        .json("ReservationView", "The reservation this idempotency key made, as it stands now."),
                    ],
                    problems: [409, 413, 415, 422]
                ),
                answer: create
            ),
            Endpoint(
                .get, "/v1/reservations", for: .customers,
                EndpointDescription(
                    "listReservations", "The tenant's reservations, newest first; all of them for an operator.",
                    parameters: [.cursor, .pageSize],
                    answers: [.json("ReservationPage", "One page.")],
                    problems: [422]
                ),
                answer: list
            ),
            Endpoint(
                .get, "/v1/reservations/{id}", for: .customers,
                EndpointDescription(
                    "getReservation", "One reservation.",
                    answers: [.json("ReservationView", "The reservation as it stands.")],
                    problems: [404]
                ),
                answer: show
            ),
            Endpoint(
                .post, "/v1/reservations/{id}:release", for: .customers,
                EndpointDescription(
                    "releaseReservation", "Gives back what is still held. Asked again, it answers the same.",
                    body: ("application/json", "NoFields", false),
                    answers: [.json("ReservationView", "The reservation, released.")],
                    problems: [404, 409, 413, 415, 422]
                ),
                answer: release
            ),
        ]
    }

    private func create(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let tenant = try context.orderingTenant
        let json = try await request.json()
        let hold = try HoldRequest.read(json).orProblem()
        switch try await desk.hold(hold, tenant: tenant, idempotency: try request.idempotency(of: json)) {
        case .held(let record, let replayed):
            return try await answer(record, status: replayed ? .ok : .created)
        case .refused(let refusal):
            throw Problem(refusal)
        case .quotaExceeded(let excess, let offers):
            throw Problem(excess, offers: offers)
        case .badTiming(let fault):
            throw Problem(fault)
        case .keyReused:
            throw Problem(.idempotencyKeyReused, detail: "this key came with another body before; use a new key")
        }
    }

    private func list(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let query = try QueryReader(request, knows: ["cursor", "pageSize"])
        let size = try query.pageSize()
        let before = try query.cursor(of: .reservations).flatMap { HoldID(text: $0) }
        let records = try await store.holds(tenant: try context.visibleTenant, before: before, limit: size + 1)
        let page = records.prefix(size)
        let groups = try await store.groups(ofHolds: page.map(\.id))
        let views = page.map { ReservationView($0, groups: groups[$0.id] ?? []) }
        let next = records.count > size ? page.last.map { Cursor(list: .reservations, place: $0.id.text).text } : nil
        return try .json(Page(items: views, next: next))
    }

    private func show(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let tenant = try context.visibleTenant
        guard let id = id(in: context), let record = try await store.hold(id, tenant: tenant) else {
            throw notFound(context)
        }
        return try await answer(record)
    }

    private func release(_ request: Request, _ context: ServiceContext) async throws -> Response {
        try NoFields.read(try await request.json(empty: .object([:]))).orProblem()
        let tenant = try context.visibleTenant
        guard let id = id(in: context) else { throw notFound(context) }
        switch try await desk.release(id, tenant: tenant) {
        case .released(let record): return try await answer(record)
        case .notFound: throw notFound(context)
        case .tooLate(let state):
            throw Problem(.conflict, detail: "the reservation is \(state.rawValue); nothing is left to give back")
        }
    }

    private func id(in context: ServiceContext) -> HoldID? {
        HoldID(text: context.parameters.get("id") ?? "")
    }

    /// Says the same of what is not there and of what is another tenant's.
    private func notFound(_ context: ServiceContext) -> Problem {
        let text = context.parameters.get("id") ?? ""
        return Problem(.notFound, detail: "there is no reservation '\(text.prefix(64))' among yours")
    }

    private func answer(_ record: HoldRecord, status: HTTPResponse.Status = .ok) async throws -> Response {
        let view = ReservationView(record, groups: try await store.groups(ofHolds: [record.id])[record.id] ?? [])
        let place: HTTPFields = status == .created ? [.location: "/v1/reservations/\(record.id.text)"] : [:]
        return try .json(view, status: status, headers: place)
    }
}
