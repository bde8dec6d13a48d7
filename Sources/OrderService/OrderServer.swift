import CapacityAPI
package import CapacityStore
package import Delivery
import HTTPTypes
package import Hummingbird
package import Logging

/// The HTTP service: wires routes to the store and the desk. Holds no rule of business.
package struct OrderServer: Sendable {
    let endpoints: [Endpoint]
    let document: OpenAPIDocument
    private let meters: RequestMeters
    private let admission: Admission
    private let authenticator: Authenticator
    private let logger: Logger

    /// - Parameters:
    ///   - absorb: Stores agents' reports, each site at most once a call; returns the last sequence of each known site.
    package init(
        store: Store,
        desk: OrderDesk,
        hub: Hub,
        readiness: Readiness,
        registry: MetricRegistry,
        logger: Logger,
        settings: ServerSettings = ServerSettings(),
        absorb: @escaping @Sendable ([SiteReport]) async throws -> [String: Int64]
    ) throws {
        let admission = Admission(limits: settings.limits)
        let meters = RequestMeters(registry: registry)
        let rhythm = settings.rhythm
        let collector = ReportCollector(absorb: absorb)
        let business: [Endpoint] =
            QuoteRoutes(desk: desk).endpoints
            + OrderRoutes(desk: desk, store: store).endpoints
            + OrderChangeRoutes(desk: desk, store: store).endpoints
            + ReservationRoutes(desk: desk, store: store).endpoints
            + InstanceRoutes(store: store, admission: admission).endpoints
            + EventRoutes(store: store, hub: hub, admission: admission, rhythm: rhythm).endpoints
            + FleetRoutes(store: store).endpoints
            + FleetTermsRoutes(store: store).endpoints
            + RepackRoutes(desk: desk).endpoints
            + ClosingRoutes(desk: FleetDesk(desk), store: store).endpoints
            + ClosureRoutes(desk: FleetDesk(desk), store: store).endpoints
            + KeyRoutes(store: store).endpoints
            + QuotaRoutes(store: store).endpoints
            + HeadroomRoutes(desk: FleetDesk(desk), store: store).endpoints
            + TenantRoutes(store: store).endpoints
            + AgentRoutes(
                store: store, hub: hub, sites: SiteDirectory(store: store), collector: collector, rhythm: rhythm
            ).endpoints
        // The description describes itself too, so the table comes first with an empty document, then with the full one.
        let system = { (document: ByteBuffer) in
            SystemRoutes(readiness: readiness, registry: registry, document: document) {
                let inside = admission.inside
                meters.gauge("muster_http_in_flight", [("pace", "prompt")], inside.prompt)
                meters.gauge("muster_http_in_flight", [("pace", "waiting")], inside.waiting)
                meters.gauge("muster_hub_seats", [], await hub.count)
                meters.gauge("muster_orders_to_write", [], desk.toWriteCount)
            }.endpoints
        }
        document = try OpenAPIDocument(endpoints: business + system(ByteBuffer()))
        endpoints = business + system(try JSONText.buffer(document.root))
        self.meters = meters
        self.admission = admission
        self.authenticator = Authenticator(store: store)
        self.logger = logger
    }

    /// The router: every endpoint, and for each path a refusal of the methods it does not have.
    func router() -> Router<ServiceContext> {
        let router = Router(context: ServiceContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: Edge(meters: meters))
        for endpoint in endpoints {
            router.on(RouterPath(endpoint.path), method: endpoint.method) { request, context in
                try await answer(endpoint, request, context)
            }
        }
        for (path, endpoints) in Dictionary(grouping: endpoints, by: \.path) {
            refuseOtherMethods(at: path, than: Set(endpoints.map(\.method)), in: router)
        }
        return router
    }

    private func answer(_ endpoint: Endpoint, _ request: Request, _ context: ServiceContext) async throws -> Response {
        try admission.enter(endpoint.pace)
        defer { admission.leave(endpoint.pace) }
        var context = context
        context.principal = try await authenticator.principal(of: request, for: endpoint.access)
        return try await endpoint.answer(request, context)
    }

    private func refuseOtherMethods(
        at path: String,
        than served: Set<HTTPRequest.Method>,
        in router: Router<ServiceContext>
    ) {
        let allowed = served.contains(.get) ? served.union([.head]) : served
        let allow = allowed.map(\.rawValue).sorted().joined(separator: ", ")
        let all: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]
        for method in all.subtracting(allowed) {
            router.on(RouterPath(path), method: method) { request, context in
                var response = Problem(.methodNotAllowed, detail: "this path has: \(allow)")
                    .response()
                response.headers[.allow] = allow
                return response
            }
        }
    }

    /// The server, to be run as a service. `onRunning` is told the address it listens on.
    package func application(
        address: BindAddress,
        onRunning: @escaping @Sendable (_ host: String, _ port: Int) async -> Void = { _, _ in }
    ) -> some ApplicationProtocol {
        Application(
            router: router(),
            server: .http1(configuration: .init(idleTimeout: .seconds(120))),
            configuration: ApplicationConfiguration(address: address, serverName: "muster", backlog: 1_024),
            onServerRunning: { channel in
                guard let address = channel.localAddress, let port = address.port else { return }
                await onRunning(address.ipAddress ?? "127.0.0.1", port)
            },
            logger: logger
        )
    }
}

/// What may be set about the service; the defaults serve.
package struct ServerSettings: Sendable {
    var limits = Admission.Limits()
    var rhythm = Rhythm()

    package init() {}
}
