import Postgres
import Testing

extension Stack {
    /// Sees that exactly the orders customers were told of exist, by idempotency key, and that each ends as ordered.
    func expectKept(_ orders: [String: String], sourceLocation: SourceLocation = #_sourceLocation) async throws {
        // Whoever is unsure asks again, and is told the same.
        for (key, id) in orders where key.hasPrefix("customer-") {
            let again = try await Customers.place(key, at: self)
            #expect(again == id, "\(key)", sourceLocation: sourceLocation)
        }
        let found = try await rows("SELECT order_id FROM muster.\"order\"")
        let ids = Set(try found.map { "ord-\(try $0.decode(0, as: Int64.self))" })
        #expect(ids == Set(orders.values), sourceLocation: sourceLocation)
        #expect(Set(orders.values).count == orders.count, sourceLocation: sourceLocation)

        try await eventually("all \(orders.count) orders are settled") {
            try await holds("SELECT bool_and(state = 'settled') FROM muster.\"order\"") ? () : nil
        }
        let odd = try await rows(
            "SELECT to_json(o)::text FROM report.orders o WHERE released_count <> requested_count OR failed_count > 0"
        ).map { try $0.decode(0, as: String.self) }
        #expect(odd == [], sourceLocation: sourceLocation)
        try await expectBalanced(sourceLocation: sourceLocation)
    }
}
