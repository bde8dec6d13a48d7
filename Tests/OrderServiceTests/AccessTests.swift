import CapacityAPI
import HTTPTypes
import HummingbirdTesting
import TestSupport
import Testing

@testable import OrderService

@Suite("Who may call what", .freshDatabase, .timeLimit(.minutes(5)))
struct AccessTests {
    @Test("without a key, with a wrong one, and with one that cannot be a key, the answer is 401 and says how")
    func unauthenticated() async throws {
        try await Fixture.with { fixture in
            for key in [nil, "mk_t_" + String(repeating: "0", count: 64), "secret", ""] {
                let response = try await fixture.send(.get, "/v1/orders", as: key)
                #expect(response.status == .unauthorized)
                #expect(response.headers[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
                #expect(response.headers[.contentType] == "application/problem+json")
                #expect(try response.problem.type == .unauthenticated)
            }
        }
    }

    @Test("each role has its calls and no others")
    func roles() async throws {
        try await Fixture.with { fixture in
            let keys: [(key: String, role: KeyRole)] = [
                (fixture.tenant, .tenant), (fixture.operatorKey, .operator), (fixture.agent, .agent),
            ]
            let calls: [(path: String, allowed: Set<KeyRole>)] = [
                ("/v1/orders", [.tenant, .operator]),
                ("/v1/sites", [.operator]),
                ("/v1/hosts", [.operator]),
                ("/agent/v1/sites/a/assignments", [.agent]),
            ]
            for (path, allowed) in calls {
                for (key, role) in keys {
                    let response = try await fixture.send(.get, path, as: key)
                    #expect(response.status == (allowed.contains(role) ? .ok : .forbidden), "\(role) \(path)")
                }
            }
        }
    }

    @Test("an operator sees all orders and can make none")
    func operators() async throws {
        try await Fixture.with { fixture in
            let order = try await fixture.order(2)
            let shown = try await fixture.send(.get, "/v1/orders/\(order.id)", as: fixture.operatorKey)
            #expect(shown.status == .ok)
            let made = try await fixture.send(
                .post, "/v1/orders", as: fixture.operatorKey, body: Fixture.body(1)
            )
            #expect(made.status == .forbidden)
        }
    }

    @Test("another tenant's order is not there: not to see, not to change, not in the list")
    func strangers() async throws {
        try await Fixture.with { fixture in
            let order = try await fixture.order(2)
            for rest in ["", "/instances", "/events"] {
                let response = try await fixture.send(.get, "/v1/orders/\(order.id)\(rest)", as: fixture.stranger)
                #expect(response.status == .notFound)
                #expect(try response.problem.type == .notFound)
            }
            for verb in ["cancel", "extend", "shorten", "scale"] {
                let response = try await fixture.send(.post, "/v1/orders/\(order.id):\(verb)", as: fixture.stranger)
                let status = response.status
                #expect(status == .notFound, "\(verb)")
            }
            let list = try await fixture.send(.get, "/v1/orders", as: fixture.stranger)
            #expect(try list.decoded(Page<OrderView>.self).items.isEmpty)
        }
    }

    @Test("a key made over HTTP works at once, and only an operator makes one")
    func keys() async throws {
        try await Fixture.with { fixture in
            let body = #"{ "role": "tenant", "tenant": "third" }"#
            let refused = try await fixture.send(.post, "/v1/keys", as: fixture.tenant, body: body)
            #expect(refused.status == .forbidden)
            let response = try await fixture.send(.post, "/v1/keys", as: fixture.operatorKey, body: body)
            #expect(response.status == .created)
            let created = try response.decoded(KeyCreated.self)
            #expect(created.key.hasPrefix("mk_t_"))
            #expect(try await fixture.send(.get, "/v1/orders", as: created.key).status == .ok)
        }
    }
}
