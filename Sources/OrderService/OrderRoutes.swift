import CapacityAPI
import CapacityModel
import CapacityStore
import Delivery
import HTTPTypes
import Hummingbird

/// Orders: make one, list them, look at one.
struct OrderRoutes: Sendable {
    let desk: OrderDesk
    let store: Store

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .post, "/v1/orders", for: .customers,
                EndpointDescription(
                    "createOrder", "Orders capacity. Answered once it is held.",
                    parameters: [.idempotencyKey],
                    body: ("application/json", "OrderOrQuote", true),
                    answers: [
                        .json("OrderView", "The order, held.", status: 201),
                        .json("OrderView", "The order this idempotency key made, as it stands now.", status: 200),
                    ],
                    problems: [409, 413, 415, 422]
                ),
                answer: create
            ),
            Endpoint(
                .get, "/v1/orders", for: .customers,
                EndpointDescription(
                    "listOrders", "The tenant's orders, newest first; all orders for an operator.",
                    parameters: [.cursor, .pageSize],
                    answers: [.json("OrderPage", "One page.")],
                    problems: [422]
                ),
                answer: list
            ),
            Endpoint(
                .get, "/v1/orders/{id}", for: .customers,
                EndpointDescription(
                    "getOrder", "One order, its revision as ETag.",
                    answers: [.json("OrderView", "The order as it stands.")],
                    problems: [404]
                ),
                answer: show
            ),
        ]
    }

    private func create(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let tenant = try context.orderingTenant
        let json = try await request.json()
        switch try await order(json, tenant, try request.idempotency(of: json)) {
        case .accepted(let record, let replayed):
            return try await store.answer(record, status: replayed ? .ok : .created)
        case .refused(let refusal):
            throw Problem(refusal)
        case .quotaExceeded(let excess, let offers):
            throw Problem(excess, offers: offers)
        case .badTiming(let fault):
            throw Problem(fault)
        case .unknownOrder:
            throw Problem(.quoteStale, detail: "an order that the quote names is not among yours")
        case .quoteStale(let why):
            throw Problem(.quoteStale, detail: why)
        case .misfit(let misfit):
            throw Problem(misfit)
        case .keyReused:
            throw Problem(.idempotencyKeyReused, detail: "this key came with another body before; use a new key")
        }
    }

    /// Makes what the body asks for: a quote as it was given, out of a reservation, or an order as it says.
    private func order(
        _ json: JSONValue, _ tenant: TenantID, _ idempotency: Idempotency?
    ) async throws -> OrderOutcome {
        if let accepted = try QuoteAcceptance.read(json)?.orProblem() {
            return try await desk.order(
                quote: accepted.quoteID, name: accepted.name, tenant: tenant, idempotency: idempotency)
        }
        let body = try OrderRequest.read(json).orProblem()
        if let hold = body.reservation {
            return try await desk.order(body.order, from: hold, tenant: tenant, idempotency: idempotency)
        }
        let outcome = try await desk.order(
            body.order, else: body.alternatives, quoteID: body.quoteID, tenant: tenant, idempotency: idempotency)
        if case .unknownOrder = outcome { throw Problem.unknownOrder(in: body.order) }
        return outcome
    }

    private func list(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let query = try QueryReader(request, knows: ["cursor", "pageSize"])
        let size = try query.pageSize()
        let before = try query.cursor(of: .orders).flatMap { OrderID(text: $0) }
        let records = try await store.orders(tenant: try context.visibleTenant, before: before, limit: size + 1)
        let page = records.prefix(size)
        let groups = try await store.groups(of: page.map(\.id))
        let spares = try await store.spareGroups(of: page.filter { $0.spare > 0 }.map(\.id))
        let views = page.map { OrderView($0, groups: groups[$0.id] ?? [], spare: spares[$0.id] ?? []) }
        let next = records.count > size ? page.last.map { Cursor(list: .orders, place: $0.id.text).text } : nil
        return try .json(Page(items: views, next: next))
    }

    private func show(_ request: Request, _ context: ServiceContext) async throws -> Response {
        try await store.answer(try await store.visibleOrder(context))
    }
}

extension Store {
    /// The order that the path names, if the caller may see it; else `not-found`, which says nothing of others' orders.
    func visibleOrder(_ context: ServiceContext) async throws -> OrderRecord {
        let text = context.parameters.get("id") ?? ""
        let tenant = try context.visibleTenant
        guard let id = OrderID(text: text), let record = try await order(id, tenant: tenant) else {
            throw Problem(.notFound, detail: "there is no order '\(text.prefix(64))' among yours")
        }
        return record
    }

    /// The answer that shows an order: with its groups, and its revision as ETag.
    func answer(_ record: OrderRecord, status: HTTPResponse.Status = .ok) async throws -> Response {
        let spare = record.spare > 0 ? try await spareGroups(of: [record.id])[record.id] ?? [] : []
        let view = OrderView(record, groups: try await groups(of: [record.id])[record.id] ?? [], spare: spare)
        var headers: HTTPFields = [.eTag: record.etag]
        if status == .created { headers[.location] = "/v1/orders/\(record.id.text)" }
        return try .json(view, status: status, headers: headers)
    }
}

extension OrderRecord {
    var etag: String { "\"\(revision)\"" }
}
