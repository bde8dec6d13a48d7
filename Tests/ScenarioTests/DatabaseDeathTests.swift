import CapacityAPI
import Postgres
import TestSupport
import Testing

@Suite("kill -9 of PostgreSQL", .timeLimit(.minutes(5)))
struct DatabaseDeathTests {
    @Test("all its processes killed under load, everything comes back by itself and nothing acknowledged is lost")
    func crash() async throws {
        try await Stack.with(.init(startDelay: "2s", stopDelay: "1s")) { stack in
            let order = try await stack.order(OrderText(window: "PT30S", grace: "PT10S"))
            let ready = try await stack.watch(order, until: "ready")
            var orders = try await Customers.keepOrdering(from: stack) { customers in
                for _ in 0..<2 {
                    try await customers.acknowledged(more: 5)
                    try await stack.database.crash()
                    try await stack.database.start()
                }
                try await customers.acknowledged(more: 5)
            }
            try await ready.succeed()
            try await stack.follow(order, until: "settled")
            orders["the first"] = order.id
            try await stack.expectKept(orders)
            #expect(stack.centre.isRunning && stack.agent.isRunning)
            #expect(try await stack.holds("SELECT released_count = 30 FROM report.orders ORDER BY order_id LIMIT 1"))
        }
    }
}
