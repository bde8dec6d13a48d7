import CapacityAPI
import CapacityModel
import Postgres
import Testing

/// What every story asks at its end.
extension Stack {
    /// Sees that every order is settled with all it asked for delivered and given back, and that the books balance.
    ///
    /// `orders` are all there are. Each instance was handed out once and none failed, so nothing was started twice.
    func expectSettled(_ orders: [OrderView], sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await expectBalanced(sourceLocation: sourceLocation)
        let found = try await rows("SELECT * FROM report.orders ORDER BY order_id")
        let ids = try found.map { "ord-\(try $0.decode("order_id", as: Int64.self))" }
        #expect(ids == orders.map(\.id), sourceLocation: sourceLocation)
        for (row, order) in zip(found, orders) {
            let columns = ["requested_count", "released_count", "failed_count"]
            let counts = try columns.map { try row.decode($0, as: Int.self) }
            #expect(counts == [order.count, order.count, 0], "\(order.id)", sourceLocation: sourceLocation)
            #expect(try row.decode("state", as: String.self) == "settled", sourceLocation: sourceLocation)
        }
        let strays = try await rows("SELECT instance_id FROM muster.instance WHERE epoch > 1 OR state <> 'released'")
        #expect(strays.isEmpty, "instances were handed out twice, or are not released", sourceLocation: sourceLocation)
        let unserved = try await rows("SELECT instance_id FROM muster.instance WHERE ready_at IS NULL")
        #expect(unserved.isEmpty, "instances were never ready", sourceLocation: sourceLocation)
    }

    /// `report.oversold` and `report.unbalanced` are empty, and nothing is left in the ledger.
    func expectBalanced(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let breaches = try await rows(
            """
            SELECT to_json(o)::text FROM report.oversold o
            UNION ALL SELECT to_json(u)::text FROM report.unbalanced u
            UNION ALL SELECT to_json(r)::text FROM muster.reservation r WHERE live_count > 0
            """
        )
        let texts = try breaches.map { try $0.decode(0, as: String.self) }
        #expect(texts == [], sourceLocation: sourceLocation)
    }
}
