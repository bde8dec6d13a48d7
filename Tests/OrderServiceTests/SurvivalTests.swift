import CapacityAPI
import CapacityModel
import HTTPTypes
import HummingbirdTesting
import TestSupport
import Testing

@testable import OrderService

@Suite("Orders that survive the loss of a site, over HTTP", .freshDatabase, .timeLimit(.minutes(5)))
struct SurvivalTests {
    private static func body(_ count: Int, more: String = #""survive": { "sites": 1 },"#) -> String {
        Fixture.body(count).replacing(#""count""#, with: more + #" "count""#)
    }

    @Test("the quote says what is held and that it is free, the order holds it, and both are as described")
    func spare() async throws {
        try await Fixture.with { fixture in
            let schema = try #require(Schema(document: fixture.server.document.root))
            let quoted = try await fixture.send(.post, "/v1/quotes", as: fixture.tenant, body: Self.body(6))
            let quote = try quoted.decoded(QuoteView.self)
            #expect(quote.spare?.count == 3)
            #expect(quote.spare?.amountMicro == 0)
            #expect(quote.price.lines.reduce(0) { $0 + $1.count } == 6)
            #expect(schema.flaws(of: try quoted.decoded(JSONValue.self), as: "Quote").isEmpty)

            let taking = Self.body(6, more: #""survive": { "sites": 1 }, "quoteId": "\#(quote.quoteId)","#)
            let made = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: taking)
            #expect(made.status == .created)
            let order = try made.decoded(OrderView.self)
            #expect(order.survive == Survival(sites: 1))
            #expect(order.spare == quote.spare)
            #expect(order.price.amountMicro == quote.price.amountMicro)
            #expect(schema.flaws(of: try made.decoded(JSONValue.self), as: "OrderView").isEmpty)
            let listed = try await fixture.send(.get, "/v1/orders", as: fixture.tenant)
            #expect(try listed.decoded(Page<OrderView>.self).items == [order])
            // Nine of 48 cores are taken.
            let rest = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: Fixture.body(40))
            #expect(try rest.problem.offers?.first { $0.kind == .fewer }?.count == 39)
        }
    }

    @Test("where only the spare does not fit the refusal says so and offers the order without")
    func refused() async throws {
        try await Fixture.with { fixture in
            let schema = try #require(Schema(document: fixture.server.document.root))
            let response = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: Self.body(33))
            #expect(response.status == .conflict)
            let problem = try response.problem
            #expect(problem.type == .insufficientCapacity)
            #expect(problem.gap?.map(\.bound) == [.survival])
            #expect(problem.offers?.first?.kind == .withoutSpare)
            #expect(problem.offers?.first { $0.kind == .fewer }?.count == 32)
            #expect(problem.explanation?.parts.first?.bindings.first?.constraint == "survival")
            #expect(schema.flaws(of: try response.decoded(JSONValue.self), as: "Problem").isEmpty)
        }
    }

    @Test(
        "what cannot be survived is a bad order, and the field is named",
        arguments: [
            (#""survive": { "sites": 2 },"#, "/survive/sites"), (#""survive": {},"#, "/survive/sites"),
            (#""survive": { "sites": 1 }, "fulfilment": { "policy": "bestEffort" },"#, "/survive"),
            (#""survive": { "sites": 1 }, "reservationId": "rsv-1","#, "/survive"),
        ])
    func invalid(more: String, pointer: String) async throws {
        try await Fixture.with { fixture in
            let response = try await fixture.send(
                .post, "/v1/orders", as: fixture.tenant, body: Self.body(6, more: more))
            #expect(response.status == .unprocessableContent)
            #expect(try response.problem.errors?.map(\.pointer) == [pointer])
        }
    }
}
