import CapacityAPI
import HTTPTypes
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing

@testable import OrderService

@Suite("The edge of the service", .freshDatabase, .timeLimit(.minutes(5)))
struct EdgeTests {
    @Test("an unknown path is a problem too")
    func unknownPath() async throws {
        try await Fixture.with { fixture in
            let response = try await fixture.send(.get, "/v2/orders")
            #expect(response.status == .notFound)
            #expect(response.headers[.contentType] == "application/problem+json")
            #expect(try response.problem.type == .notFound)
        }
    }

    @Test("a method that a path does not have is refused with those it has")
    func methods() async throws {
        try await Fixture.with { fixture in
            let response = try await fixture.send(.delete, "/v1/orders")
            #expect(response.status == .methodNotAllowed)
            #expect(response.headers[.allow] == "GET, HEAD, POST")
            #expect(try await fixture.send(.get, "/v1/orders/ord-1:cancel").headers[.allow] == "POST")
        }
    }

    @Test("a body over the limit is refused, whether it says its length or not")
    func bodyLimit() async throws {
        try await Fixture.with { fixture in
            let body = String(repeating: " ", count: OrderLimits.bodyBytes + 1)
            let response = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: body)
            #expect(response.status == .contentTooLarge)
            #expect(try response.problem.type == .bodyTooLarge)
        }
    }

    @Test(
        "text that is not JSON is an invalid order, found at the top", arguments: ["{", "", "{} {}", "nul", "{\"a\":}"])
    func malformed(body: String) async throws {
        try await Fixture.with { fixture in
            let response = try await fixture.send(.post, "/v1/quotes", as: fixture.tenant, body: body)
            #expect(response.status == .unprocessableContent)
            #expect(try response.problem.errors?.map(\.pointer) == [""])
        }
    }

    @Test("a body of another kind is refused")
    func contentType() async throws {
        try await Fixture.with { fixture in
            let response = try await fixture.send(
                .post, "/v1/orders", as: fixture.tenant, body: Fixture.body(1), type: "text/yaml"
            )
            #expect(response.status == .unsupportedMediaType)
        }
    }

    @Test(
        "a misspelt query parameter and a page of no size are refused",
        arguments: ["pagesize=5", "pageSize=0", "cursor=x"])
    func query(query: String) async throws {
        try await Fixture.with { fixture in
            let response = try await fixture.send(.get, "/v1/orders?\(query)", as: fixture.tenant)
            #expect(response.status == .unprocessableContent)
            #expect(try response.problem.type == .invalidOrder)
        }
    }

    @Test("the caller's request id comes back; without one, one is made")
    func requestID() async throws {
        try await Fixture.with { fixture in
            let sent = try await fixture.send(.get, "/healthz", headers: [.requestID: "abc-1"])
            #expect(sent.headers[.requestID] == "abc-1")
            let made = try await fixture.send(.get, "/healthz")
            #expect(made.headers[.requestID]?.isEmpty == false)
        }
    }

    @Test("a full service says so at once, and can still be watched")
    func full() async throws {
        var settings = ServerSettings()
        settings.limits.waiting = 0
        try await Fixture.with(settings: settings) { fixture in
            let response = try await fixture.send(.get, "/agent/v1/sites/a/assignments", as: fixture.agent)
            #expect(response.status == .tooManyRequests)
            #expect(response.headers[.retryAfter] == "1")
            #expect(try await fixture.send(.get, "/healthz").status == .ok)
        }
    }

    @Test("without the database the service says so, ready for nothing but alive")
    func databaseAway() async throws {
        try await Fixture.withoutDatabase { client in
            let ready = try await client.execute(uri: "/readyz", method: .get)
            #expect(ready.status == .serviceUnavailable)
            let alive = try await client.execute(uri: "/healthz", method: .get)
            #expect(alive.status == .ok)
            let key: HTTPFields = [.authorization: "Bearer \(APIKey(for: .tenant).text)"]
            let orders = try await client.execute(uri: "/v1/orders", method: .get, headers: key)
            #expect(orders.status == .serviceUnavailable)
            #expect(orders.headers[.retryAfter] == "1")
            #expect(!String(buffer: orders.body).contains("nowhere"))
        }
    }

    @Test("requests are counted by route, method and status")
    func metrics() async throws {
        try await Fixture.with { fixture in
            _ = try await fixture.send(.get, "/v1/orders/ord-77", as: fixture.tenant)
            let text = try await fixture.send(.get, "/metrics").text
            #expect(text.contains(#"muster_http_requests_total{route="/v1/orders/{id}",method="GET",status="404"} 1"#))
        }
    }
}
