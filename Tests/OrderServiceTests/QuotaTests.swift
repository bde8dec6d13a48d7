import CapacityAPI
import CapacityModel
import HTTPTypes
import HummingbirdTesting
import TestSupport
import Testing

@testable import OrderService

@Suite("Quotas over HTTP", .freshDatabase, .timeLimit(.minutes(5)))
struct QuotaTests {
    private static let path = "/v1/tenants/load-test/quotas/south"

    private func put(
        _ limits: String, scope: String = "{}", if revision: String? = nil, in fixture: Fixture
    ) async throws -> TestResponse {
        let headers: HTTPFields = revision.map { [.ifMatch: $0] } ?? [:]
        return try await fixture.send(
            .put, Self.path, as: fixture.operatorKey, headers: headers,
            body: #"{ "scope": \#(scope), "limits": \#(limits) }"#)
    }

    @Test("an operator makes, replaces and takes away a quota; its tenant sees it with what is in use")
    func kept() async throws {
        try await Fixture.with { fixture in
            let limits = #"[{ "resource": "vcpu", "limit": 10 }]"#
            let made = try await put(limits, in: fixture)
            #expect(made.status == .created)
            #expect(made.headers[.eTag] == "\"1\"")
            _ = try await fixture.order(4)
            let own = try await fixture.send(.get, "/v1/quotas", as: fixture.tenant).decoded(QuotaList.self)
            #expect(own.items.map(\.name) == ["south"])
            #expect(own.items.first?.limits.map(\.usedNow) == [4])
            // All of it but the instant of the peak, which is now: each answer has its own.
            func plain(_ quotas: [QuotaView]) -> [QuotaView] {
                quotas.map { quota in
                    var plain = quota
                    for index in plain.limits.indices { plain.limits[index].peakAt = nil }
                    return plain
                }
            }
            let shown = try await fixture.send(.get, Self.path, as: fixture.operatorKey)
            #expect(try plain([shown.decoded(QuotaView.self)]) == plain(own.items))
            let listed = try await fixture.send(
                .get, "/v1/tenants/load-test/quotas", as: fixture.operatorKey)
            #expect(try plain(listed.decoded(QuotaList.self).items) == plain(own.items))

            #expect(try await put(limits, if: "\"7\"", in: fixture).problem.type == .preconditionFailed)
            #expect(try await put(limits, if: "\"1\"", in: fixture).status == .ok)
            func delete(_ headers: HTTPFields) async throws -> TestResponse {
                try await fixture.send(.delete, Self.path, as: fixture.operatorKey, headers: headers)
            }
            #expect(try await delete([.ifMatch: "\"1\""]).problem.type == .preconditionFailed)
            #expect(try await delete([:]).status == .noContent)
            #expect(try await delete([:]).problem.type == .notFound)
            #expect(try await fixture.send(.get, Self.path, as: fixture.operatorKey).status == .notFound)
        }
    }

    @Test("quotas are set by operators only, of tenants there are, and a tenant sees no other's")
    func access() async throws {
        try await Fixture.with { fixture in
            #expect(try await put(#"[{ "resource": "vcpu", "limit": 10 }]"#, in: fixture).status == .created)
            let others = try await fixture.send(.get, "/v1/quotas", as: fixture.stranger).decoded(QuotaList.self)
            #expect(others.items.isEmpty)
            #expect(try await fixture.send(.get, Self.path, as: fixture.tenant).status == .forbidden)
            #expect(try await fixture.send(.get, "/v1/quotas", as: fixture.operatorKey).status == .forbidden)
            let nobody = "/v1/tenants/nobody/quotas"
            #expect(try await fixture.send(.get, nobody, as: fixture.operatorKey).status == .notFound)
            let body = #"{ "limits": [{ "resource": "vcpu", "limit": 1 }] }"#
            let unknown = try await fixture.send(.put, nobody + "/q", as: fixture.operatorKey, body: body)
            #expect(unknown.status == .notFound)
            let bad = try await put(#"[{ "resource": "cpu", "limit": 10 }]"#, in: fixture)
            #expect(try bad.problem.errors?.first?.pointer == "/limits/0/resource")
        }
    }

    @Test("a quote, an order, a reservation and more of an order are refused with 403 and say what stands in the way")
    func refusals() async throws {
        try await Fixture.with { fixture in
            let order = try await fixture.order(4, window: try await fixture.laterWindow())
            _ = try await put(#"[{ "resource": "vcpu", "limit": 6 }]"#, in: fixture)
            let window = order.window
            let body = Fixture.body(3, window: #"{ "start": "\#(window.start)", "duration": "PT1H" }"#)
            let reservation =
                #"{ "spec": { "vcpu": 1, "memoryMiB": 1024 }, "count": 3, "window": { "start": "\#(window.start)" } }"#
            let calls = [
                ("/v1/quotes", body), ("/v1/orders", body), ("/v1/reservations", reservation),
                ("/v1/orders/\(order.id):scale", #"{ "count": 7 }"#),
            ]
            for (path, body) in calls {
                let refused = try await fixture.send(.post, path, as: fixture.tenant, body: body)
                #expect(refused.status == .forbidden, "\(path)")
                let problem = try refused.problem
                #expect(problem.type == .quotaExceeded, "\(path)")
                let quota = try #require(problem.quota, "\(path)")
                #expect((quota.name, quota.limit, quota.inUse, quota.asked) == ("south", 6, 4, 3), "\(path)")
                #expect(quota.resource == .vcpu && quota.at == window.start, "\(path)")
            }
            let others = try await fixture.send(.post, "/v1/orders", as: fixture.stranger, body: body)
            #expect(others.status == .created)
        }
    }

    @Test("an extension that exceeds a quota is offered up to when there is room under it, and granted when asked for")
    func shorter() async throws {
        try await Fixture.with { fixture in
            let first = try await fixture.order(2, window: try await fixture.laterWindow())
            let opening = first.window.start
            func order(from start: Instant) async throws {
                _ = try await fixture.order(2, window: #"{ "start": "\#(start)", "duration": "PT1H" }"#)
            }
            try await order(from: opening + .seconds(7_200))
            _ = try await put(#"[{ "resource": "vcpu", "limit": 3 }]"#, in: fixture)
            func extend(_ end: String) async throws -> TestResponse {
                let path = "/v1/orders/\(first.id):extend"
                return try await fixture.send(.post, path, as: fixture.tenant, body: #"{ "end": "\#(end)" }"#)
            }
            let refused = try await extend("\(opening + .seconds(9_000))")
            #expect(refused.status == .forbidden)
            let problem = try refused.problem
            #expect(problem.type == .quotaExceeded && problem.quota?.name == "south")
            #expect(problem.offers?.map(\.kind) == [.shorter])
            let offer = try #require(problem.offers?.first)
            #expect(offer.window.start == opening && offer.count == 2)
            #expect(first.window.end < offer.window.end && offer.window.end <= opening + .seconds(7_200))
            #expect(offer.quoteId == nil && offer.price == nil, "an extension is asked for anew")
            let schema = try #require(Schema(document: fixture.server.document.root))
            #expect(schema.flaws(of: try refused.decoded(JSONValue.self), as: "Problem") == [])
            let granted = try await extend("\(offer.window.end)")
            #expect(granted.status == .ok)
            #expect(try granted.decoded(OrderView.self).window.end == offer.window.end)
            #expect(try await extend("\(opening + .seconds(9_000))").problem.offers == nil, "that was all")
        }
    }
}
