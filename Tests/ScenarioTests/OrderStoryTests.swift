import CapacityAPI
import CapacityModel
import FoundationEssentials
import Postgres
import Testing

@Suite("An order from quote to bill", .timeLimit(.minutes(5)))
struct OrderStoryTests {
    @Test("what is quoted is ordered, delivered, released and billed, and the bill is the quote")
    func quoteToBill() async throws {
        try await Stack.with(.init(startDelay: "300ms", stopDelay: "300ms")) { stack in
            let text = OrderText(count: 40, window: "PT15S", more: #""name": "618-probe","#)
            let file = try text.write(to: stack.folder)
            let quote = try await decoded(QuoteView.self, stack.succeed("quote", "-f", file, "-o", "json"))
            #expect(quote.count == 40)

            let made = try await stack.succeed(
                "order", "create", "-f", file, "--quote", quote.quoteId, "--idempotency-key", "one", "-o", "json")
            let order = try decoded(OrderView.self, made)
            #expect(order.price == quote.price)
            #expect(order.counts.reserved == 40)
            try await stack.follow(order, until: "ready")
            let instances = try await stack.instances(of: order)
            #expect(instances.count { $0.state == .ready } == 40)
            #expect(Set(instances.map(\.address)).count == 40)

            // A customer whose answer was lost asks again, however late, and is told of the same order.
            let again = try await stack.succeed(
                "order", "create", "-f", file, "--quote", quote.quoteId, "--idempotency-key", "one", "-o", "json")
            #expect(try decoded(OrderView.self, again).id == order.id)

            try await stack.follow(order, until: "settled")
            try await stack.expectSettled([order])
            let bill = try await stack.rows(
                "SELECT amount_micro, instance_seconds, instances FROM report.billing_by_order")[0]
            #expect(try bill.decode("amount_micro", as: Int64.self) == quote.price.amountMicro)
            #expect(try bill.decode("instance_seconds", as: Int64.self) == 40 * 15)
            let shown = try await stack.succeed("report", "billing", "--order", order.id)
            #expect(shown.contains("FROM report.billing_by_order"), "\(shown)")
            let release = try await stack.rows("SELECT leaked, released FROM report.release")[0]
            #expect(try release.decode("leaked", as: Int.self) == 0)
            #expect(try release.decode("released", as: Int.self) == 40)
        }
    }

    @Test("the command line's exit status says who could not do what")
    func exitStatus() async throws {
        try await Stack.with { stack in
            let good = try OrderText().write(to: stack.folder)
            let greedy = try OrderText(count: 900_000).write(to: stack.folder)
            let bad = try OrderText(count: -1).write(to: stack.folder)
            let cases: [(Command.Outcome, status: Int32, says: String)] = [
                (try await stack.muster("order", "create", "-f", greedy), 1, "offer"),
                (try await stack.muster("order", "create", "-f", bad), 2, "count"),
                (try await stack.muster("order", "create", "-f", stack.folder + "/none.json"), 2, "none.json"),
                (try await stack.muster("order", "get", "ord-4711"), 3, "error"),
                (try await stack.muster("order", "list", changing: ["MUSTER_KEY": "mk_wrong"]), 4, "key"),
                (try await stack.muster("fleet", "import", good), 4, "error"),
            ]
            for (outcome, status, words) in cases {
                #expect(outcome.status == status, "\(outcome.complaint)")
                #expect(outcome.complaint.contains(words), "\(outcome.complaint)")
                #expect(outcome.output == "")
            }
            await stack.centre.kill()
            let unheard = try await stack.muster("order", "list")
            #expect(unheard.status == 5)
            #expect(unheard.complaint.contains("does not answer"))
            let orders = try await stack.rows("SELECT 1 FROM muster.\"order\"")
            #expect(orders.isEmpty, "what was refused left an order")
            try await stack.expectBalanced()
        }
    }

    private func decoded<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}
