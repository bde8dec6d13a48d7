import CapacityAPI
import CapacityModel
import CapacityStore
import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import Postgres
import TestSupport
import Testing

@testable import OrderService

@Suite("Orders over HTTP", .freshDatabase, .timeLimit(.minutes(5)))
struct OrderTests {
    @Test("a quote is a plan with a price, and the order that takes it up costs the same")
    func quoteThenOrder() async throws {
        try await Fixture.with { fixture in
            let answer = try await fixture.send(.post, "/v1/quotes", as: fixture.tenant, body: Fixture.body(6))
            #expect(answer.status == .ok)
            let quote = try answer.decoded(QuoteView.self)
            #expect(quote.count == 6)
            #expect(quote.plan.groups.reduce(0) { $0 + $1.count } == 6)
            let order = try await fixture.order(6)
            #expect(order.price.amountMicro == quote.price.amountMicro)
            #expect(order.counts.requested == 6)
            #expect(order.counts.reserved == 6)
        }
    }

    @Test("a new order is 201 with its place and revision; read again it is the same")
    func create() async throws {
        try await Fixture.with { fixture in
            let made = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: Fixture.body(3))
            #expect(made.status == .created)
            #expect(made.headers[.eTag] == "\"1\"")
            let order = try made.decoded(OrderView.self)
            #expect(made.headers[.location] == "/v1/orders/\(order.id)")
            let shown = try await fixture.send(.get, "/v1/orders/\(order.id)", as: fixture.tenant)
            #expect(shown.text == made.text)
        }
    }

    @Test("an order spread over hosts and kept even over sites is placed so, and shows its rules")
    func even() async throws {
        try await Fixture.with { fixture in
            let rules = #""spread": [{ "level": "host", "maxPerGroup": 2 }, { "level": "site", "maxSkew": 1 }],"#
            let body = Fixture.body(7).replacing(#""count""#, with: rules + #""count""#)
            let made = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: body)
            #expect(made.status == .created)
            let order = try made.decoded(OrderView.self)
            #expect(order.spread.map(\.maxSkew) == [nil, 1])
            let sites = Dictionary(grouping: order.plan.groups, by: \.site).values
            #expect(sites.map { $0.reduce(0) { $0 + $1.count } }.sorted() == [2, 2, 3])
            #expect(order.plan.groups.allSatisfy { $0.count <= 2 })

            let flawed = body.replacing("\"maxSkew\": 1", with: "\"maxSkew\": 0")
            let refused = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: flawed)
            #expect(try refused.problem.errors?.map(\.pointer) == ["/spread/1/maxSkew"])
        }
    }

    @Test("a demand in vCPUs with alternatives is quoted and ordered as the first spec that can be had")
    func ranked() async throws {
        try await Fixture.with { fixture in
            let body = #"""
                { "spec": { "vcpu": 9, "memoryMiB": 1024, "image": "muster.local/probe:1" }, "demand": { "vcpu": 36 },
                  "alternatives": [{ "spec": { "vcpu": 8, "memoryMiB": 1024, "image": "muster.local/probe:1" } }],
                  "window": { "duration": "PT1H" } }
                """#
            let quoted = try await fixture.send(.post, "/v1/quotes", as: fixture.tenant, body: body)
            let quote = try quoted.decoded(QuoteView.self)
            #expect(quote.count == 5)
            #expect(quote.spec.vcpu == 8)
            let taking = body.replacing(#""window""#, with: #""quoteId": "\#(quote.quoteId)", "window""#)
            let made = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: taking)
            #expect(made.status == .created)
            let order = try made.decoded(OrderView.self)
            #expect(order.count == 5)
            #expect(order.spec == quote.spec)
            #expect(order.price.amountMicro == quote.price.amountMicro)
        }
    }

    @Test("an order apart from another stands elsewhere, shows it, and cannot name what is not its tenant's")
    func apart() async throws {
        try await Fixture.with { fixture in
            let first = try await fixture.order(2)
            let rule = #""antiAffinity": [{ "order": "\#(first.id)", "level": "site" }], "count""#
            let body = Fixture.body(3).replacing(#""count""#, with: rule)
            let made = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: body)
            #expect(made.status == .created)
            let order = try made.decoded(OrderView.self)
            #expect(order.antiAffinity?.map(\.order) == [first.id])
            #expect(order.affinity == nil)
            #expect(Set(order.plan.groups.map(\.site)).isDisjoint(with: first.plan.groups.map(\.site)))
            for call in ["/v1/orders", "/v1/quotes"] {
                let stranger = try await fixture.send(.post, call, as: fixture.stranger, body: body)
                #expect(try stranger.problem.errors?.map(\.pointer) == ["/antiAffinity"])
            }
        }
    }

    @Test("a relaxable rule is softened in the quote, and the answer says to what")
    func softened() async throws {
        try await Fixture.with { fixture in
            let rule = #""spread": [{ "level": "site", "maxPerGroup": 2, "whenUnsatisfiable": "relax" }], "count""#
            let body = Fixture.body(15).replacing(#""count""#, with: rule)
            let made = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: body)
            let order = try made.decoded(OrderView.self)
            #expect(order.plan.relaxed.map(\.rule.maxPerGroup) == [2])
            #expect(order.plan.relaxed.map(\.softenedTo?.maxPerGroup) == [5])
        }
    }

    @Test("the same key and body make one order; the same key and another body are refused")
    func idempotency() async throws {
        try await Fixture.with { fixture in
            let key: HTTPFields = [.idempotencyKey: "618"]
            let body = Fixture.body(3)
            let first = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, headers: key, body: body)
            let spaced = body.replacing(" ", with: "  ")
            let again = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, headers: key, body: spaced)
            #expect(first.status == .created)
            #expect(again.status == .ok)
            #expect(try first.decoded(OrderView.self).id == again.decoded(OrderView.self).id)

            let other = try await fixture.send(
                .post, "/v1/orders", as: fixture.tenant, headers: key, body: Fixture.body(4)
            )
            #expect(try other.problem.type == .idempotencyKeyReused)
            let stranger = try await fixture.send(.post, "/v1/orders", as: fixture.stranger, headers: key, body: body)
            #expect(stranger.status == .created)
        }
    }

    @Test("a key that is too long is refused before anything is done")
    func badKey() async throws {
        try await Fixture.with { fixture in
            let key: HTTPFields = [.idempotencyKey: String(repeating: "k", count: 256)]
            let body = Fixture.body(1)
            let response = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, headers: key, body: body)
            #expect(response.status == .unprocessableContent)
        }
    }

    @Test("more than there is, is refused with what binds and with an offer that can be taken up")
    func refusal() async throws {
        try await Fixture.with { fixture in
            let response = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: Fixture.body(1_000))
            #expect(response.status == .conflict)
            let problem = try response.problem
            #expect(problem.type == .insufficientCapacity)
            #expect(problem.gap?.isEmpty == false)
            let offer = try #require(problem.offers?.first { $0.kind == .fewer })
            #expect(offer.count == 48)
            let accepting = #"{ "quoteId": "\#(try #require(offer.quoteId))", "name": "fewer" }"#
            let accepted = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: accepting)
            #expect(accepted.status == .created)
            let order = try accepted.decoded(OrderView.self)
            #expect(order.counts.reserved == 48)
            #expect(order.name == "fewer")
            let unknown = try await fixture.send(
                .post, "/v1/orders", as: fixture.tenant, body: #"{ "quoteId": "q-none" }"#)
            #expect(try unknown.problem.type == .quoteStale)
        }
    }

    @Test(
        "a spec larger than any host is refused with each field that is, and the most there is",
        arguments: ["quotes", "orders"])
    func tooLarge(path: String) async throws {
        try await Fixture.with { fixture in
            let spec = #"{ "vcpu": 16.5, "memoryMiB": 1024, "diskGiB": 500, "image": "muster.local/probe:1" }"#
            let body = #"{ "spec": \#(spec), "count": 3, "window": { "duration": "PT1H" } }"#
            let response = try await fixture.send(.post, "/v1/\(path)", as: fixture.tenant, body: body)
            #expect(response.status == .conflict)
            let problem = try response.problem
            #expect(problem.type == .insufficientCapacity)
            #expect(problem.gap?.map(\.bound) == [.spec])
            let expected = [
                ("/spec/vcpu", "16.5 vCPU asked for; the largest host in scope has 8 vCPU"),
                ("/spec/diskGiB", "500 GiB of disk asked for; the largest host in scope has 100 GiB of disk"),
            ]
            #expect(
                problem.errors == expected.map { FieldError(pointer: $0, code: .exceedsEveryHost, detail: $1) })
            let schema = try #require(Schema(document: fixture.server.document.root))
            let flaws = schema.flaws(of: try response.decoded(JSONValue.self), as: "Problem")
            #expect(flaws == [])
        }
    }

    @Test("a quote says why its plan is as it is when it is asked to; a refusal always says why")
    func explained() async throws {
        try await Fixture.with { fixture in
            func quote(_ query: String, _ count: Int) async throws -> TestResponse {
                try await fixture.send(.post, "/v1/quotes\(query)", as: fixture.tenant, body: Fixture.body(count))
            }
            let schema = try #require(Schema(document: fixture.server.document.root))
            #expect(try await quote("", 6).decoded(QuoteView.self).explanation == nil)
            let answer = try await quote("?explain=true", 6)
            #expect(schema.flaws(of: try answer.decoded(JSONValue.self), as: "Quote") == [])
            let explanation = try #require(try answer.decoded(QuoteView.self).explanation)
            let steps = ["fleet", "included", "notExcluded", "capable", "largeEnough", "free", "used"]
            #expect(explanation.steps.map(\.step) == steps)
            #expect(explanation.steps[5].instances == 48)
            #expect(explanation.choices.reduce(0) { $0 + $1.count } == 6)

            let refused = try await quote("", 1_000)
            #expect(schema.flaws(of: try refused.decoded(JSONValue.self), as: "Problem") == [])
            let parts = try #require(try refused.problem.explanation?.parts)
            #expect(parts.map { $0.scope?.area } == [nil, .east, .north, .south])
            #expect(parts.map(\.available) == [48, 16, 16, 16])
            #expect(parts[0].bindings.map(\.constraint) == ["vcpu"])
            #expect(parts[0].bindings.map(\.gain) == [48])
            #expect(try await quote("?explain=perhaps", 1).status == .unprocessableContent)
        }
    }

    @Test("more than is free, but not than any host has, names no field")
    func notTooLarge() async throws {
        try await Fixture.with { fixture in
            let response = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: Fixture.body(1_000))
            #expect(try response.problem.errors == nil)
        }
    }

    @Test("a window in the past, and one beyond the horizon, are refused by the database's clock")
    func windows() async throws {
        try await Fixture.with { fixture in
            let past = Fixture.body(1, window: #"{ "start": "2020-01-01T00:00:00Z", "duration": "PT1H" }"#)
            let early = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: past)
            #expect(try early.problem.type == .windowInPast)
            let far = Fixture.body(1, window: #"{ "start": "2099-01-01T00:00:00Z", "duration": "PT1H" }"#)
            let late = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: far)
            #expect(try late.problem.type == .invalidOrder)
        }
    }

    @Test("the list has the newest first, a page at a time, each order once")
    func list() async throws {
        try await Fixture.with { fixture in
            var made: [String] = []
            for _ in 0..<5 { made.append(try await fixture.order(1).id) }
            var seen: [String] = []
            var cursor: String?
            repeat {
                let place = cursor.map { "&cursor=\($0)" } ?? ""
                let response = try await fixture.send(.get, "/v1/orders?pageSize=2\(place)", as: fixture.tenant)
                let page = try response.decoded(Page<OrderView>.self)
                #expect(page.items.allSatisfy { !$0.plan.groups.isEmpty })
                seen += page.items.map(\.id)
                cursor = page.next
            } while cursor != nil
            #expect(seen == made.reversed())
        }
    }

    @Test("a change is made at the revision that was looked at, and refused at another")
    func changes() async throws {
        try await Fixture.with { fixture in
            let order = try await fixture.order(4, window: try await fixture.laterWindow())
            let path = "/v1/orders/\(order.id)"
            let stale = try await fixture.send(
                .post, path + ":scale", as: fixture.tenant, headers: [.ifMatch: "\"7\""], body: #"{ "count": 2 }"#
            )
            #expect(stale.status == .preconditionFailed)
            let scaled = try await fixture.send(
                .post, path + ":scale", as: fixture.tenant, headers: [.ifMatch: "\"1\""], body: #"{ "count": 6 }"#
            )
            #expect(scaled.status == .ok)
            #expect(try scaled.decoded(OrderView.self).count == 6)
            #expect(scaled.headers[.eTag] != "\"1\"")
            let longer = try await fixture.send(
                .post, path + ":extend", as: fixture.tenant, body: #"{ "duration": "PT2H" }"#
            )
            #expect(try longer.decoded(OrderView.self).window.duration == "PT2H")
            let backwards = try await fixture.send(
                .post, path + ":extend", as: fixture.tenant, body: #"{ "duration": "PT1H" }"#
            )
            #expect(backwards.status == .unprocessableContent)
            let cancelled = try await fixture.send(.post, path + ":cancel", as: fixture.tenant)
            #expect(cancelled.status == .ok)
            #expect(try cancelled.decoded(OrderView.self).cancelledAt != nil)
        }
    }

    @Test("operators see how many orders wait to be written together")
    func toWrite() async throws {
        try await Fixture.with { fixture in
            @Sendable func gauge() async throws -> String? {
                let lines = try await fixture.send(.get, "/metrics").text.split(separator: "\n")
                return lines.first { $0.hasPrefix("muster_orders_to_write ") }.map(String.init)
            }
            #expect(try await gauge() == "muster_orders_to_write 0")
            try await fixture.store.pool.withSession { holder in
                // Both places in the line are taken, so that no group is made yet.
                try await holder.script(
                    unchecked: """
                        BEGIN;
                        SELECT pg_advisory_xact_lock(hashtextextended('muster.order_turn', place)) FROM generate_series(1, 2) place
                        """)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<3 { group.addTask { _ = try await fixture.order(1) } }
                    while try await gauge() != "muster_orders_to_write 3" { await Task.yield() }
                    try await holder.script(unchecked: "ROLLBACK")
                    try await group.waitForAll()
                }
            }
            #expect(try await gauge() == "muster_orders_to_write 0")
        }
    }

    @Test("instances come as pages, or all at once line by line")
    func instances() async throws {
        try await Fixture.with { fixture in
            let order = try await fixture.order(5)
            let path = "/v1/orders/\(order.id)/instances"
            let first = try await fixture.send(.get, path + "?pageSize=3", as: fixture.tenant)
            let page = try first.decoded(Page<InstanceView>.self)
            #expect(page.items.count == 3)
            let next = try #require(page.next)
            let second = try await fixture.send(.get, path + "?pageSize=3&cursor=\(next)", as: fixture.tenant)
            let rest = try second.decoded(Page<InstanceView>.self)
            #expect(rest.next == nil)

            let stream = try await fixture.send(
                .get, path, as: fixture.tenant, headers: [.accept: "application/x-ndjson"]
            )
            #expect(stream.headers[.contentType] == "application/x-ndjson")
            let lines = try stream.text.split(separator: "\n").map { line in
                try JSONDecoder().decode(InstanceView.self, from: Data(line.utf8))
            }
            #expect(lines == page.items + rest.items)
        }
    }
}
