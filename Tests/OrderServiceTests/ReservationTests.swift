import CapacityAPI
import CapacityModel
import HTTPTypes
import HummingbirdTesting
import TestSupport
import Testing

@testable import OrderService

@Suite("Reservations over HTTP", .freshDatabase, .timeLimit(.minutes(5)))
struct ReservationTests {
    @Test("a reservation is 201 with its place; what it holds is refused to others and free after its release")
    func holdAndRelease() async throws {
        try await Fixture.with { fixture in
            let made = try await fixture.send(
                .post, "/v1/reservations", as: fixture.tenant, body: Fixture.reservation(40))
            #expect(made.status == .created)
            let held = try made.decoded(ReservationView.self)
            let path = "/v1/reservations/\(held.id)"
            #expect(made.headers[.location] == path)
            #expect(held.state == .held)
            #expect(held.counts == ReservationView.Counts(requested: 40, held: 40, drawn: 0, released: 0))
            #expect(held.plan.groups.reduce(0) { $0 + $1.count } == 40)
            #expect(try await fixture.send(.get, path, as: fixture.tenant).text == made.text)

            let refused = try await fixture.send(.post, "/v1/orders", as: fixture.stranger, body: Fixture.body(9))
            #expect(try refused.problem.type == .insufficientCapacity)
            #expect(try refused.problem.offers?.last?.count == 8)

            let released = try await fixture.send(.post, path + ":release", as: fixture.tenant)
            #expect(released.status == .ok)
            #expect(try released.decoded(ReservationView.self).state == .released)
            let again = try await fixture.send(.post, path + ":release", as: fixture.tenant)
            #expect(again.text == released.text)
            let order = try await fixture.send(.post, "/v1/orders", as: fixture.stranger, body: Fixture.body(48))
            #expect(order.status == .created)
        }
    }

    @Test("the same key and body make one reservation; the same key and another body are refused")
    func idempotency() async throws {
        try await Fixture.with { fixture in
            let key: HTTPFields = [.idempotencyKey: "618"]
            func send(_ count: Int) async throws -> TestResponse {
                try await fixture.send(
                    .post, "/v1/reservations", as: fixture.tenant, headers: key, body: Fixture.reservation(count))
            }
            let first = try await send(3)
            let again = try await send(3)
            #expect(first.status == .created)
            #expect(again.status == .ok)
            #expect(first.text == again.text)
            #expect(try await send(4).problem.type == .idempotencyKeyReused)
            let order = try await fixture.send(
                .post, "/v1/orders", as: fixture.tenant, headers: key, body: Fixture.body(3))
            #expect(try order.problem.type == .idempotencyKeyReused)
        }
    }

    @Test("tenants see their own reservations only, an operator all, and an agent none")
    func access() async throws {
        try await Fixture.with { fixture in
            let made = try await fixture.send(
                .post, "/v1/reservations", as: fixture.tenant, body: Fixture.reservation(1))
            let path = "/v1/reservations/\(try made.decoded(ReservationView.self).id)"
            #expect(try await fixture.send(.get, path, as: fixture.stranger).status == .notFound)
            #expect(try await fixture.send(.post, path + ":release", as: fixture.stranger).status == .notFound)
            #expect(try await fixture.send(.get, path, as: fixture.operatorKey).status == .ok)
            #expect(try await fixture.send(.get, path, as: fixture.agent).status == .forbidden)
            let list = try await fixture.send(.get, "/v1/reservations", as: fixture.stranger)
            #expect(try list.decoded(Page<ReservationView>.self).items.isEmpty)
            let byOperator = try await fixture.send(
                .post, "/v1/reservations", as: fixture.operatorKey, body: Fixture.reservation(1))
            #expect(byOperator.status == .forbidden)
        }
    }

    @Test("the list has the newest first, a page at a time, each reservation once")
    func list() async throws {
        try await Fixture.with { fixture in
            var made: [String] = []
            for _ in 0..<5 {
                let answer = try await fixture.send(
                    .post, "/v1/reservations", as: fixture.tenant, body: Fixture.reservation(1))
                made.append(try answer.decoded(ReservationView.self).id)
            }
            var seen: [String] = []
            var cursor: String?
            repeat {
                let place = cursor.map { "&cursor=\($0)" } ?? ""
                let response = try await fixture.send(.get, "/v1/reservations?pageSize=2\(place)", as: fixture.tenant)
                let page = try response.decoded(Page<ReservationView>.self)
                seen += page.items.map(\.id)
                cursor = page.next
            } while cursor != nil
            #expect(seen == made.reversed())
        }
    }

    @Test("more than there is, and amounts larger than any host, are refused with what binds")
    func refusals() async throws {
        try await Fixture.with { fixture in
            func problem(_ body: String) async throws -> Problem {
                try await fixture.send(.post, "/v1/reservations", as: fixture.tenant, body: body).problem
            }
            let short = try await problem(Fixture.reservation(49))
            #expect(short.type == .insufficientCapacity)
            #expect(short.gap?.map(\.missing) == [1])
            let large = try await problem(#"{ "spec": { "vcpu": 9, "memoryMiB": 1024 }, "count": 1 }"#)
            #expect(large.errors?.map(\.pointer) == ["/spec/vcpu"])
            let late = try await problem(
                #"{ "spec": { "vcpu": 1, "memoryMiB": 1024 }, "count": 1, "window": { "start": "2099-01-01T00:00:00Z" } }"#
            )
            #expect(late.errors?.map(\.pointer) == ["/window"])
        }
    }

    @Test("an order that names a reservation draws on it, says so, and is refused with a pointer where it does not fit")
    func drawing() async throws {
        try await Fixture.with { fixture in
            let made = try await fixture.send(
                .post, "/v1/reservations", as: fixture.tenant, body: Fixture.reservation(48))
            let id = try made.decoded(ReservationView.self).id
            func send(_ path: String, _ count: Int, _ extra: String, vcpu: Int = 1) async throws -> TestResponse {
                let spec = #"{ "vcpu": \#(vcpu), "memoryMiB": 1024, "image": "muster.local/probe:1" }"#
                let body = #"{ "spec": \#(spec), "count": \#(count), "window": { "duration": "PT1H" }, \#(extra) }"#
                return try await fixture.send(.post, path, as: fixture.tenant, body: body)
            }
            let answer = try await send("/v1/orders", 40, #""reservationId": "\#(id)""#)
            #expect(answer.status == .created)
            let order = try answer.decoded(OrderView.self)
            #expect(order.reservationId == id)
            #expect(order.counts.reserved == 40)
            let schema = try #require(Schema(document: fixture.server.document.root))
            #expect(schema.flaws(of: try answer.decoded(JSONValue.self), as: "OrderView") == [])
            let left = try await fixture.send(.get, "/v1/reservations/\(id)", as: fixture.tenant)
            #expect(
                try left.decoded(ReservationView.self).counts
                    == ReservationView.Counts(requested: 48, held: 8, drawn: 40, released: 0))

            func pointers(_ answer: TestResponse) throws -> [String]? { try answer.problem.errors?.map(\.pointer) }
            let named = #""reservationId": "\#(id)""#
            #expect(try await send("/v1/orders", 9, named).problem.type == .insufficientCapacity)
            #expect(try pointers(await send("/v1/orders", 1, named, vcpu: 2)) == ["/spec"])
            #expect(try pointers(await send("/v1/orders", 1, #""reservationId": "rsv-99""#)) == ["/reservationId"])
            #expect(try pointers(await send("/v1/orders", 1, #""reservationId": "99""#)) == ["/reservationId"])
            #expect(try pointers(await send("/v1/orders", 1, named + #", "quoteId": "q-1""#)) == ["/quoteId"])
            #expect(try pointers(await send("/v1/quotes", 1, named)) == ["/reservationId"])
        }
    }
}
