import CapacityAPI
import CapacityModel
import CapacityStore
import HTTPTypes
import HummingbirdTesting
import Postgres
import TestSupport
import Testing

@testable import OrderService

@Suite("Closing hosts and sites over HTTP", .freshDatabase, .timeLimit(.minutes(5)))
struct ClosingTests {
    @Test("a cordoned site takes nothing new, says so in the lists, and opens again")
    func cordon() async throws {
        try await Fixture.with { fixture in
            let key = fixture.operatorKey
            _ = try await fixture.order(6)
            let answer = try await fixture.send(.post, "/v1/sites/a:cordon", as: key, body: #"{ "reason": "heat" }"#)
            #expect(answer.status == .ok)
            let closure = try answer.decoded(ClosureView.self)
            #expect((closure.kind, closure.site, closure.drain, closure.reason) == (.cordon, "a", false, "heat"))
            let refused = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: Fixture.body(48))
            #expect(try refused.problem.gap?[0].detail.contains("2 of their hosts are closed then") == true)
            let sites = try await fixture.send(.get, "/v1/sites", as: key).decoded(Page<SiteView>.self).items
            #expect(sites.map(\.state) == [.cordoned, .open, .open])
            #expect(sites[0].closures.map(\.id) == [closure.id])
            let hosts = try await fixture.send(.get, "/v1/hosts", as: key).decoded(Page<HostView>.self).items
            #expect(hosts.map(\.state) == [.cordoned, .cordoned, .open, .open, .open, .open])

            let host = try await fixture.send(.post, "/v1/hosts/a-1:uncordon", as: key)
            #expect(
                try host.decoded(Page<ClosureView>.self).items.map(\.id) == [closure.id], "its site is cordoned still")
            let open = try await fixture.send(.post, "/v1/sites/a:uncordon", as: key)
            #expect(try open.decoded(Page<ClosureView>.self).items.isEmpty)
            let again = try await fixture.send(.post, "/v1/sites/a:uncordon", as: key)
            #expect(again.text == open.text)
            let order = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: Fixture.body(42))
            #expect(order.status == .created)
        }
    }

    @Test(
        "a maintenance is 201 with its place and its impact, the running and the future; lifted, it is gone from the list"
    )
    func maintenance() async throws {
        try await Fixture.with { fixture in
            let key = fixture.operatorKey
            let running = try await fixture.order(48, window: #"{ "duration": "PT1H" }"#)
            let later = try await fixture.order(48, window: try await fixture.laterWindow())
            let body = #"{ "window": { "duration": "P2D" }, "reason": "new switches" }"#
            let made = try await fixture.send(.post, "/v1/hosts/b-1:maintain", as: key, body: body)
            #expect(made.status == .created)
            let closure = try made.decoded(ClosureView.self)
            let impact = try #require(closure.impact)
            #expect((impact.running, impact.future, impact.more) == (8, 8, false))
            #expect(impact.items.map(\.orderId) == [running.id, later.id])
            #expect(
                impact.items.allSatisfy {
                    $0.host == "b-1" && $0.site == "b" && $0.tenant == "load-test" && $0.count == 8
                })
            let path = "/v1/closures/\(closure.id)"
            #expect(made.headers[.location] == path)
            #expect(try await fixture.send(.get, path, as: key).decoded(ClosureView.self) == closure)
            let second = try await fixture.send(.post, "/v1/hosts/b-1:maintain", as: key, body: body)
            #expect(try second.decoded(ClosureView.self).id != closure.id, "a host may have many")

            let lifted = try await fixture.send(.post, path + ":lift", as: key).decoded(ClosureView.self)
            #expect(lifted.liftedAt != nil)
            #expect(lifted.impact?.items == [])
            let list = try await fixture.send(.get, "/v1/closures?site=b&pageSize=1", as: key)
            let page = try list.decoded(Page<ClosureView>.self)
            #expect(page.items.map(\.id) == [try second.decoded(ClosureView.self).id])
            #expect(page.next == nil)
            let elsewhere = try await fixture.send(.get, "/v1/closures?site=a", as: key)
            #expect(try elsewhere.decoded(Page<ClosureView>.self).items.isEmpty)
        }
    }

    @Test("a site retires by its deadline: an order across it is refused there, one before it is not")
    func retirement() async throws {
        try await Fixture.with { fixture in
            let key = fixture.operatorKey
            let deadline = (try await fixture.store.now() + .seconds(7_200)).wholeSecond
            for site in ["a", "b", "c"] {
                let body = #"{ "deadline": "\#(deadline)", "reason": "the lease ends" }"#
                let answer = try await fixture.send(.post, "/v1/sites/\(site):retire", as: key, body: body)
                #expect(try answer.decoded(ClosureView.self).start == deadline)
            }
            let across = Fixture.body(1, window: #"{ "duration": "PT3H" }"#)
            #expect(try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: across).status == .conflict)
            _ = try await fixture.order(48)
            let sites = try await fixture.send(.get, "/v1/sites", as: key).decoded(Page<SiteView>.self).items
            #expect(sites.map(\.state) == [.retiring, .retiring, .retiring])
            #expect(sites.allSatisfy { $0.closures.map(\.start) == [deadline] })
        }
    }

    @Test("a lost site says which orders lost how much and what spare covers, and opens when nothing may run there")
    func lost() async throws {
        try await Fixture.with { fixture in
            let key = fixture.operatorKey
            let schema = try #require(Schema(document: fixture.server.document.root))
            let body = Fixture.body(6).replacing(#""count""#, with: #""survive": { "sites": 1 }, "count""#)
            let made = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: body)
            let order = try made.decoded(OrderView.self)
            let here = order.plan.groups.filter { $0.site == "a" }.reduce(0) { $0 + $1.count }
            #expect(here > 0)
            let reason = #"{ "reason": "fire" }"#
            let answer = try await fixture.send(.post, "/v1/sites/a:lost", as: key, body: reason)
            #expect(answer.status == .ok)
            #expect(schema.flaws(of: try answer.decoded(JSONValue.self), as: "Closure").isEmpty)
            let closure = try answer.decoded(ClosureView.self)
            #expect((closure.kind, closure.site, closure.drain, closure.reason) == (.loss, "a", true, "fire"))
            let item = LossView.Item(orderId: order.id, tenant: "load-test", lost: here, covered: here)
            #expect(closure.loss == LossView(lost: here, covered: here, unstopped: 0, items: [item], more: false))
            #expect(closure.impact?.running == 0)
            let again = try await fixture.send(.post, "/v1/sites/a:lost", as: key, body: reason)
            #expect(try again.decoded(ClosureView.self) == closure)
            #expect(
                try await fixture.send(.get, "/v1/closures/\(closure.id)", as: key).decoded(ClosureView.self) == closure
            )
            let sites = try await fixture.send(.get, "/v1/sites", as: key).decoded(Page<SiteView>.self).items
            #expect(sites.map(\.state) == [.lost, .open, .open])

            // As if their agent had known of them.
            try await fixture.store.pool.execute("UPDATE muster.lost_instance SET stopped_at = NULL")
            let early = try await fixture.send(.post, "/v1/closures/\(closure.id):lift", as: key)
            #expect(early.status == .conflict)
            #expect(try early.problem.detail?.contains("\(here) instances may still run at a") == true)
            try await fixture.store.pool.execute("UPDATE muster.lost_instance SET stopped_at = muster.now()")
            let lifted = try await fixture.send(.post, "/v1/closures/\(closure.id):lift", as: key)
            #expect(try lifted.decoded(ClosureView.self).liftedAt != nil)
        }
    }

    @Test("what is not there is 404, what is over 422, and only an operator may close")
    func refused() async throws {
        try await Fixture.with { fixture in
            let reason = #"{ "reason": "r" }"#
            for path in [
                "/v1/sites/x:cordon", "/v1/sites/x:lost", "/v1/hosts/a:drain", "/v1/hosts/x:uncordon",
                "/v1/closures/cls-9:lift",
            ] {
                let body = path.hasSuffix("uncordon") || path.hasSuffix("lift") ? "{}" : reason
                let answer = try await fixture.send(.post, path, as: fixture.operatorKey, body: body)
                #expect(answer.status == .notFound, "\(path)")
                for stranger in [fixture.tenant, fixture.agent] {
                    #expect(try await fixture.send(.post, path, as: stranger, body: body).status == .forbidden)
                }
            }
            let past = #"{ "deadline": "2020-01-01T00:00:00Z", "reason": "r" }"#
            let answer = try await fixture.send(.post, "/v1/sites/a:retire", as: fixture.operatorKey, body: past)
            #expect(try answer.problem.type == .windowInPast)
            #expect(try answer.problem.errors?.map(\.pointer) == ["/deadline"])
            let empty = try await fixture.send(.post, "/v1/hosts/a-1:cordon", as: fixture.operatorKey, body: "{}")
            #expect(try empty.problem.errors?.map(\.pointer) == ["/reason"])
        }
    }
}
