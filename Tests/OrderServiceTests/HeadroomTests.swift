import CapacityAPI
import CapacityModel
import HTTPTypes
import HummingbirdTesting
import TestSupport
import Testing

@testable import OrderService

@Suite("Protected headroom over HTTP", .freshDatabase, .timeLimit(.minutes(5)))
struct HeadroomTests {
    private func put(
        _ body: String, for tenantClass: String = "platinum", at site: String = "a", in fixture: Fixture
    ) async throws -> TestResponse {
        try await fixture.send(
            .put, "/v1/sites/\(site)/headrooms/\(tenantClass)", as: fixture.operatorKey, body: body)
    }

    @Test("others are refused by its name, its class is served, and it ends")
    func protected() async throws {
        try await Fixture.with { fixture in
            let key = fixture.operatorKey
            let made = try await put(#"{ "share": 0.5, "reason": "contract" }"#, in: fixture).decoded(HeadroomView.self)
            #expect((made.site, made.tenantClass, made.share, made.reason) == ("a", "platinum", 0.5, "contract"))
            #expect((made.protected.vcpu, made.used.vcpu) == (8, 0))
            #expect(made.shortfall?.items.isEmpty == true)
            #expect(made.shortfall?.until == nil)
            let refused = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: Fixture.body(48))
            #expect(refused.status == .conflict)
            let problem = try refused.problem
            #expect(problem.gap?.first?.bound == .headroom)
            #expect(
                problem.explanation?.parts.first?.bindings.map(\.constraint).contains("headroom") == true)
            let tenant = try await fixture.send(
                .patch, "/v1/tenants/load-test", as: key, body: #"{ "class": "platinum" }"#)
            #expect(try tenant.decoded(TenantView.self).class == "platinum")
            let tenants = try await fixture.send(.get, "/v1/tenants", as: key).decoded(Page<TenantView>.self).items
            #expect(tenants.map(\.class) == ["platinum", "standard"])
            let order = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: Fixture.body(48))
            #expect(order.status == .created)
            let shown = try await fixture.send(.get, "/v1/headrooms?site=a", as: key)
                .decoded(Page<HeadroomView>.self).items
            #expect(shown.map(\.used.vcpu) == [16])
            let path = "/v1/sites/a/headrooms/platinum"
            #expect(try await fixture.send(.delete, path, as: key).status == .noContent)
            #expect(try await fixture.send(.delete, path, as: key).status == .notFound)
            #expect(try await fixture.send(.get, path, as: key).status == .notFound)
        }
    }

    @Test("who is there already is its shortfall, host by host, until it ends")
    func shortfall() async throws {
        try await Fixture.with { fixture in
            let order = try await fixture.order(48)
            let made = try await put(#"{ "amounts": { "vcpu": 4 }, "reason": "r" }"#, in: fixture)
            let shortfall = try #require(try made.decoded(HeadroomView.self).shortfall)
            #expect(shortfall.items.map(\.host) == ["a-1", "a-2"])
            #expect(shortfall.items.map(\.missing) == [2, 2])
            #expect(shortfall.items.allSatisfy { $0.resource == "vcpu" })
            #expect(try #require(shortfall.until) >= order.window.end)
        }
    }

    @Test("a page goes on behind the last site and class")
    func pages() async throws {
        try await Fixture.with { fixture in
            for site in ["a", "b"] {
                for tenantClass in ["gold", "nobody"] {
                    let made = try await put(
                        #"{ "share": 0.1, "reason": "r" }"#, for: tenantClass, at: site, in: fixture)
                    #expect(made.status == .ok)
                }
            }
            var found: [String] = []
            var cursor = ""
            for _ in 0..<2 {
                let page = try await fixture.send(
                    .get, "/v1/headrooms?pageSize=2\(cursor)", as: fixture.operatorKey
                ).decoded(Page<HeadroomView>.self)
                found += page.items.map { "\($0.site) \($0.tenantClass)" }
                cursor = page.next.map { "&cursor=\($0)" } ?? ""
            }
            #expect(found == ["a gold", "a nobody", "b gold", "b nobody"])
            #expect(cursor.isEmpty)
        }
    }

    @Test(
        "what cannot be is refused by the field that is wrong",
        arguments: [
            (#"{ "reason": "r" }"#, "/share"), (#"{ "share": 0.5 }"#, "/reason"),
            (#"{ "share": 0.5, "amounts": { "vcpu": 1 }, "reason": "r" }"#, "/amounts"),
            (#"{ "share": 1.5, "reason": "r" }"#, "/share"), (#"{ "share": 0.00005, "reason": "r" }"#, "/share"),
            (#"{ "share": 0.1234, "reason": "r" }"#, "/share"), (#"{ "amounts": {}, "reason": "r" }"#, "/amounts"),
            (#"{ "amounts": { "vcpu": 0 }, "reason": "r" }"#, "/amounts"),
            (#"{ "amounts": { "vcpu": 17 }, "reason": "r" }"#, "/amounts/vcpu"),
            (#"{ "amounts": { "gpu": { "model": "G2", "count": 1 } }, "reason": "r" }"#, "/amounts/gpu"),
            (#"{ "amounts": { "gpu": { "model": "G2" } }, "reason": "r" }"#, "/amounts/gpu/count"),
            (#"{ "share": 0.95, "reason": "r" }"#, "/share"),
        ])
    func refused(body: String, pointer: String) async throws {
        try await Fixture.with { fixture in
            _ = try await put(#"{ "share": 0.1, "reason": "r" }"#, for: "gold", in: fixture)
            let answer = try await put(body, in: fixture)
            #expect(answer.status == .unprocessableContent)
            #expect(try answer.problem.errors?.map(\.pointer) == [pointer])
        }
    }

    @Test("classes, sites and tenants that cannot be are refused, and so is who is no operator")
    func names() async throws {
        try await Fixture.with { fixture in
            let body = #"{ "share": 0.1, "reason": "r" }"#
            #expect(try await put(body, for: "Gold", in: fixture).status == .unprocessableContent)
            #expect(try await put(body, at: "x", in: fixture).status == .notFound)
            let stranger = try await fixture.send(.put, "/v1/sites/a/headrooms/gold", as: fixture.tenant, body: body)
            #expect(stranger.status == .forbidden)
            func patch(_ name: String, _ tenantClass: String) async throws -> TestResponse {
                try await fixture.send(
                    .patch, "/v1/tenants/\(name)", as: fixture.operatorKey, body: #"{ "class": "\#(tenantClass)" }"#)
            }
            #expect(try await patch("x", "gold").status == .notFound)
            for wrong in ["nobody", "Gold", "", "1st"] {
                #expect(try await patch("load-test", wrong).problem.errors?.map(\.pointer) == ["/class"])
            }
        }
    }
}
