import CapacityAPI
import CapacityModel
import CapacityStore
import Delivery
import HTTPTypes
import Hummingbird

/// Closing hosts and sites and opening them again, for operators: the same calls for both.
struct ClosingRoutes: Sendable {
    let desk: FleetDesk
    let store: Store

    /// What the calls on hosts and those on sites differ in.
    private struct Kind: Sendable {
        let path: String
        let noun: String
        let place: @Sendable (String) -> FleetPlace

        static let sites = Kind(path: "/v1/sites/{id}", noun: "site") { .site($0) }
        static let hosts = Kind(path: "/v1/hosts/{id}", noun: "host") { .host($0) }

        func id(_ verb: String) -> String { verb + noun.prefix(1).uppercased() + noun.dropFirst() }
    }

    var endpoints: [Endpoint] {
        [Kind.sites, .hosts].flatMap { kind in
            [cordon(kind), drain(kind), uncordon(kind), maintain(kind)]
        } + [retire(.sites), lost(.sites)]
    }

    private func cordon(_ kind: Kind) -> Endpoint {
        closing(
            kind, "cordon", body: "CordonRequest",
            "Lets nothing new start on the \(kind.noun); what is held there stays. Asked again, it changes the reason."
        ) { body, _ in try ClosureRequest.readCordon(body, drain: false).orProblem() }
    }

    private func drain(_ kind: Kind) -> Endpoint {
        closing(
            kind, "drain", body: "CordonRequest",
            "Cordons the \(kind.noun), lets nothing there be prolonged, and moves what has not begun to other hosts where it fits."
        ) { body, _ in try ClosureRequest.readCordon(body, drain: true).orProblem() }
    }

    private func maintain(_ kind: Kind) -> Endpoint {
        closing(
            kind, "maintain", body: "MaintenanceRequest", status: .created,
            "Keeps the \(kind.noun) free of what is ordered from now on for a window; what is there already is the impact."
        ) { body, now in try ClosureRequest.readMaintenance(body, now: now).orProblem() }
    }

    private func retire(_ kind: Kind) -> Endpoint {
        closing(
            kind, "retire", body: "RetirementRequest",
            "Lets nothing be placed on the \(kind.noun) past a deadline. Asked again, it changes deadline and reason."
        ) { body, _ in try ClosureRequest.readRetirement(body).orProblem() }
    }

    private func lost(_ kind: Kind) -> Endpoint {
        Endpoint(
            .post, "\(kind.path):lost", for: .operators,
            EndpointDescription(
                "declareSiteLost",
                """
                Declares that the \(kind.noun) is gone: what ran there has failed and is billed no longer, spare stands in for it and \
                the rest is placed anew, without waiting for its agent. Asked again, it changes the reason.
                """,
                body: ("application/json", "CordonRequest", true),
                answers: [.json("Closure", "The closure, and which orders have lost how much.")],
                problems: [404, 413, 415, 422]
            )
        ) { request, context in
            let wanted = try ClosureRequest.readLoss(try await request.json()).orProblem()
            let name = context.parameters.get("id") ?? ""
            guard case .closed(let closure) = try await desk.declareLost(site: name, reason: wanted.reason) else {
                throw notFound(kind, name)
            }
            let view = try await desk.view(of: closure)
            return try .json(view, headers: [.location: "/v1/closures/\(view.id)"])
        }
    }

    private func closing(
        _ kind: Kind, _ verb: String, body schema: String, status: HTTPResponse.Status = .ok, _ summary: String,
        read: @escaping @Sendable (JSONValue, Instant) throws -> ClosureRequest
    ) -> Endpoint {
        Endpoint(
            .post, "\(kind.path):\(verb)", for: .operators,
            EndpointDescription(
                kind.id(verb), summary,
                body: ("application/json", schema, true),
                answers: [
                    .json("Closure", "The closure, and what it meets: it is there already.", status: status.code)
                ],
                problems: [404, 413, 415, 422]
            )
        ) { request, context in
            let wanted = try read(try await request.json(), try await store.now())
            let name = context.parameters.get("id") ?? ""
            let new = NewClosure(
                kind: wanted.kind, place: kind.place(name), start: wanted.start, end: wanted.end, drains: wanted.drain,
                reason: wanted.reason
            )
            switch try await desk.close(new) {
            case .closed(let closure):
                let view = try await desk.view(of: closure)
                return try .json(view, status: status, headers: [.location: "/v1/closures/\(view.id)"])
            case .notFound:
                throw notFound(kind, name)
            case .past(let end, let now):
                let detail = "it is \(now) now; \(end) is over"
                let pointer = wanted.kind == .retirement ? "/deadline" : "/window"
                throw Problem(
                    .windowInPast, detail: detail,
                    errors: [FieldError(pointer: pointer, code: .outOfRange, detail: detail)])
            }
        }
    }

    private func uncordon(_ kind: Kind) -> Endpoint {
        Endpoint(
            .post, "\(kind.path):uncordon", for: .operators,
            EndpointDescription(
                kind.id("uncordon"), "Ends the cordon or drain of the \(kind.noun). Asked again, it answers the same.",
                body: ("application/json", "NoFields", false),
                answers: [.json("ClosurePage", "What closes the \(kind.noun) all the same, now or later.")],
                problems: [404, 413, 415, 422]
            )
        ) { request, context in
            try NoFields.read(try await request.json(empty: .object([:]))).orProblem()
            let name = context.parameters.get("id") ?? ""
            let place = kind.place(name)
            guard try await desk.uncordon(place) else { throw notFound(kind, name) }
            let left = try await store.closures(at: place).map { ClosureView($0) }
            return try .json(Page(items: left, next: nil))
        }
    }

    private func notFound(_ kind: Kind, _ name: String) -> Problem {
        Problem(.notFound, detail: "there is no \(kind.noun) '\(name.prefix(64))'")
    }
}

extension FleetDesk {
    /// The most reservations, or orders, an answer lists.
    private static let listLimit = 1_000

    /// The closure with what it meets now, and what was lost with it.
    func view(of closure: Closure) async throws(StoreError) -> ClosureView {
        let impact = ImpactView(try await impact(of: closure.id, limit: Self.listLimit))
        guard closure.kind == .loss else { return ClosureView(closure, impact: impact) }
        let loss = LossView(try await loss(of: closure.id, limit: Self.listLimit))
        return ClosureView(closure, impact: impact, loss: loss)
    }
}

extension LossView {
    init(_ loss: SiteLoss) {
        self.init(
            lost: loss.lost, covered: loss.covered, unstopped: loss.unstopped,
            items: loss.listed.map {
                Item(orderId: $0.order.text, tenant: $0.tenant, lost: $0.lost, covered: $0.covered)
            },
            more: loss.orders > loss.listed.count
        )
    }
}

extension ImpactView {
    init(_ impact: Impact) {
        self.init(
            running: impact.runningInstances,
            future: impact.instances - impact.runningInstances,
            items: impact.listed.map { Item($0) },
            more: impact.reservations > impact.listed.count
        )
    }
}

extension ImpactView.Item {
    init(_ reservation: Impact.Reservation) {
        var (order, hold): (OrderID?, HoldID?)
        switch reservation.owner {
        case .order(let id): order = id
        case .hold(let id): hold = id
        }
        self.init(
            orderId: order?.text, reservationId: hold?.text, tenant: reservation.tenant, site: reservation.site,
            host: reservation.host, window: WindowView(reservation.held), count: reservation.count,
            state: reservation.isRunning ? .running : .future
        )
    }
}
