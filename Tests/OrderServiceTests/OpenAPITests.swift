import CapacityAPI
import CapacityModel
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import TestSupport
import Testing

@testable import OrderService

@Suite("The description of the interface", .freshDatabase, .timeLimit(.minutes(5)))
struct OpenAPITests {
    private func paths(_ document: JSONValue) throws -> [String: [String: JSONValue]] {
        guard case .object(let root) = document, case .object(let paths)? = root["paths"] else {
            throw CancellationError()
        }
        return paths.compactMapValues { if case .object(let calls) = $0 { calls } else { nil } }
    }

    @Test("it is OpenAPI 3.1, served without a key, and names every route and method that is served, and no other")
    func routes() async throws {
        try await Fixture.with { fixture in
            let response = try await fixture.send(.get, "/openapi.json")
            #expect(response.headers[.contentType] == "application/json")
            let document = try response.decoded(JSONValue.self)
            guard case .object(let root) = document else { return }
            #expect(root["openapi"] == .string("3.1.0"))

            let described = Set(
                try paths(document).flatMap { path, calls in calls.keys.map { "\($0.uppercased()) \(path)" } }
            )
            let router = fixture.server.router()
            var served: Set<String> = []
            for route in router.routes {
                let uri = "\(route.path)".replacing("{id}", with: "ord-1").replacing("{site}", with: "a")
                let status = try await fixture.client.execute(uri: uri, method: route.method).status
                #expect(status != .notFound || route.path.description.contains("{"), "\(route)")
                if status != .methodNotAllowed { served.insert(route.description) }
            }
            #expect(served.filter { !$0.hasPrefix("HEAD") } == described)
        }
    }

    @Test("the contract's calls are among them")
    func contract() async throws {
        try await Fixture.with { fixture in
            let described = try paths(fixture.server.document.root)
            let contract = [
                "/v1/quotes": ["post"], "/v1/orders": ["get", "post"], "/v1/orders/{id}": ["get"],
                "/v1/orders/{id}/instances": ["get"], "/v1/orders/{id}/events": ["get"],
                "/v1/orders/{id}:cancel": ["post"], "/v1/orders/{id}:extend": ["post"],
                "/v1/orders/{id}:shorten": ["post"], "/v1/orders/{id}:scale": ["post"],
                "/v1/reservations": ["get", "post"], "/v1/reservations/{id}": ["get"],
                "/v1/reservations/{id}:release": ["post"], "/v1/sites": ["get", "post"],
                "/v1/sites/{id}": ["patch"], "/v1/hosts/{id}": ["patch"],
                "/v1/sites/{id}:cordon": ["post"], "/v1/sites/{id}:drain": ["post"],
                "/v1/sites/{id}:uncordon": ["post"],
                "/v1/sites/{id}:maintain": ["post"], "/v1/sites/{id}:retire": ["post"],
                "/v1/sites/{id}:lost": ["post"],
                "/v1/hosts/{id}:cordon": ["post"], "/v1/hosts/{id}:drain": ["post"],
                "/v1/hosts/{id}:uncordon": ["post"],
                "/v1/hosts/{id}:maintain": ["post"], "/v1/closures": ["get"], "/v1/closures/{id}": ["get"],
                "/v1/closures/{id}:lift": ["post"], "/v1/repack": ["get", "post"],
                "/v1/hosts": ["get"], "/v1/keys": ["post"], "/v1/quotas": ["get"],
                "/v1/headrooms": ["get"], "/v1/sites/{id}/headrooms/{class}": ["delete", "get", "put"],
                "/v1/tenants": ["get"], "/v1/tenants/{tenant}": ["patch"],
                "/v1/tenants/{tenant}/quotas": ["get"],
                "/v1/tenants/{tenant}/quotas/{quota}": ["delete", "get", "put"],
                "/agent/v1/join": ["post"],
                "/agent/v1/sites/{site}/inventory": ["post"], "/agent/v1/sites/{site}/assignments": ["get"],
                "/agent/v1/sites/{site}/reports": ["post"], "/healthz": ["get"], "/readyz": ["get"],
                "/metrics": ["get"], "/openapi.json": ["get"],
            ]
            #expect(described.mapValues { $0.keys.sorted() } == contract)
        }
    }

    @Test("each example holds under its own schema, and is read by the service's own reader")
    func examples() async throws {
        try await Fixture.with { fixture in
            let schema = try #require(Schema(document: fixture.server.document.root))
            var count = 0
            for name in schema.names {
                for example in schema.examples(of: name) {
                    #expect(schema.flaws(of: example, as: name).isEmpty, "\(name)")
                    count += 1
                }
            }
            #expect(count >= 8)
            for example in schema.examples(of: "Order") {
                #expect(throws: Never.self) { try OrderRequest.read(example).get() }
            }
            for example in schema.examples(of: "Reservation") {
                #expect(throws: Never.self) { try HoldRequest.read(example).get() }
            }
            for example in schema.examples(of: "NewEnd") {
                #expect(throws: Never.self) { try NewEnd.read(example).get() }
            }
            for example in schema.examples(of: "RepackRequest") {
                #expect(throws: Never.self) { try RepackRequest.read(example).get() }
            }
            for example in schema.examples(of: "Quota") {
                #expect(throws: Never.self) { try Quota.read(example, named: "q").get() }
            }
            for example in schema.examples(of: "HeadroomRequest") {
                #expect(throws: Never.self) { try HeadroomRequest.read(example).get() }
            }
            for example in schema.examples(of: "TenantRequest") {
                #expect(throws: Never.self) { try TenantRequest.read(example).get() }
            }
            for example in schema.examples(of: "SiteTerms") {
                #expect(throws: Never.self) { try SiteTermsRequest.read(example).get() }
            }
            for example in schema.examples(of: "HostTerms") {
                #expect(throws: Never.self) { try HostTermsRequest.read(example).get() }
            }
            for example in schema.examples(of: "CordonRequest") {
                #expect(throws: Never.self) { try ClosureRequest.readCordon(example, drain: true).get() }
            }
            for example in schema.examples(of: "MaintenanceRequest") {
                let now = Instant(secondsSinceEpoch: 0)
                #expect(throws: Never.self) { try ClosureRequest.readMaintenance(example, now: now).get() }
            }
            for example in schema.examples(of: "RetirementRequest") {
                #expect(throws: Never.self) { try ClosureRequest.readRetirement(example).get() }
            }
            for example in schema.examples(of: "KeyRequest") {
                #expect(throws: Never.self) { try KeyRequest.read(example).get() }
            }
        }
    }

    @Test("what is answered is what is described")
    func answers() async throws {
        try await Fixture.with { fixture in
            let schema = try #require(Schema(document: fixture.server.document.root))
            let order = try await fixture.order(3)
            let body = Fixture.body(3)
            let calls: [(method: HTTPRequest.Method, path: String, key: String?, body: String?, schema: String)] = [
                (.post, "/v1/quotes", fixture.tenant, body, "Quote"),
                (.post, "/v1/orders", fixture.tenant, body, "OrderView"),
                (.get, "/v1/orders", fixture.tenant, nil, "OrderPage"),
                (.get, "/v1/orders/\(order.id)", fixture.tenant, nil, "OrderView"),
                (.get, "/v1/orders/\(order.id)/instances", fixture.tenant, nil, "InstancePage"),
                (.post, "/v1/reservations", fixture.tenant, Fixture.reservation(2), "ReservationView"),
                (.get, "/v1/reservations", fixture.tenant, nil, "ReservationPage"),
                (.get, "/v1/reservations/rsv-1", fixture.tenant, nil, "ReservationView"),
                (.post, "/v1/reservations/rsv-1:release", fixture.tenant, nil, "ReservationView"),
                (.post, "/v1/reservations", fixture.tenant, Fixture.reservation(1_000), "Problem"),
                (.get, "/v1/sites", fixture.operatorKey, nil, "SitePage"),
                (.patch, "/v1/hosts/a-1", fixture.operatorKey, #"{ "systemShare": { "vcpu": 1 } }"#, "Host"),
                (.patch, "/v1/sites/b", fixture.operatorKey, #"{ "vcpuOversell": 1.25 }"#, "Site"),
                (.post, "/v1/hosts/a-1:drain", fixture.operatorKey, #"{ "reason": "r" }"#, "Closure"),
                (.get, "/v1/closures", fixture.operatorKey, nil, "ClosurePage"),
                (.get, "/v1/closures/cls-1", fixture.operatorKey, nil, "Closure"),
                (.get, "/v1/hosts", fixture.operatorKey, nil, "HostPage"),
                (.get, "/v1/repack", fixture.operatorKey, nil, "Problem"),
                (.post, "/v1/repack", fixture.operatorKey, nil, "Repacking"),
                (.post, "/v1/repack", fixture.operatorKey, #"{ "apply": true, "proposal": 1 }"#, "Problem"),
                (.post, "/v1/repack", fixture.operatorKey, #"{ "moves": 0 }"#, "Problem"),
                (.post, "/v1/hosts/a-1:uncordon", fixture.operatorKey, nil, "ClosurePage"),
                (.post, "/v1/closures/cls-1:lift", fixture.operatorKey, nil, "Closure"),
                (.post, "/v1/keys", fixture.operatorKey, #"{ "role": "agent" }"#, "KeyCreated"),
                (
                    .put, "/v1/tenants/load-test/quotas/q", fixture.operatorKey,
                    #"{ "limits": [{ "resource": "vcpu", "limit": 100 }] }"#, "QuotaView"
                ),
                (.patch, "/v1/tenants/load-test", fixture.operatorKey, #"{ "class": "gold" }"#, "Tenant"),
                (.get, "/v1/tenants", fixture.operatorKey, nil, "TenantPage"),
                (
                    .put, "/v1/sites/a/headrooms/gold", fixture.operatorKey, #"{ "share": 0.1, "reason": "r" }"#,
                    "Headroom"
                ),
                (
                    .put, "/v1/sites/b/headrooms/gold", fixture.operatorKey,
                    #"{ "amounts": { "vcpu": 21 }, "reason": "r" }"#, "Problem"
                ),
                (.get, "/v1/sites/a/headrooms/gold", fixture.operatorKey, nil, "Headroom"),
                (.get, "/v1/headrooms", fixture.operatorKey, nil, "HeadroomPage"),
                (.get, "/v1/tenants/load-test/quotas", fixture.operatorKey, nil, "QuotaList"),
                (.get, "/v1/quotas", fixture.tenant, nil, "QuotaList"),
                (.post, "/agent/v1/join", fixture.agent, #"{ "agent": "t", "sites": [], "engine": "e" }"#, "Joined"),
                (.get, "/agent/v1/sites/a/assignments", fixture.agent, nil, "Assignments"),
                (.post, "/agent/v1/sites/a/inventory", fixture.agent, #"{ "instances": [] }"#, "Inventory"),
                (
                    .post, "/agent/v1/sites/a/reports", fixture.agent, #"{ "sequence": 1, "observations": [] }"#,
                    "Reported"
                ),
                (.post, "/v1/orders", fixture.tenant, Fixture.body(1_000), "Problem"),
                (.post, "/v1/orders", fixture.tenant, "{}", "Problem"),
                (.get, "/v1/orders", nil, nil, "Problem"),
                (.get, "/nowhere", nil, nil, "Problem"),
            ]
            for call in calls {
                let response = try await fixture.send(call.method, call.path, as: call.key, body: call.body)
                let flaws = schema.flaws(of: try response.decoded(JSONValue.self), as: call.schema)
                #expect(flaws.isEmpty, "\(call.method) \(call.path): \(flaws)")
            }
        }
    }
}
