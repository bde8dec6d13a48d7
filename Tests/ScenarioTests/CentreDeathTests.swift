import CapacityAPI
import Postgres
import Testing

@Suite("kill -9 of the centre", .timeLimit(.minutes(5)))
struct CentreDeathTests {
    @Test("killed in the middle of delivery and again of release, the order ends as ordered")
    func deliveryAndRelease() async throws {
        try await Stack.with(.init(startDelay: "6s", stopDelay: "3s")) { stack in
            let order = try await stack.order(OrderText(window: "PT40S", grace: "PT10S"))
            let ready = try await stack.watch(order, until: "ready")
            try await ready.line { $0.contains("placed") }
            await stack.centre.kill()
            try await stack.startCentre()
            try await ready.succeed()

            let settled = try await stack.watch(order, until: "settled")
            try await settled.line { $0.contains("releas") }
            await stack.centre.kill()
            try await stack.startCentre()
            try await settled.succeed()
            try await stack.expectSettled([order])
        }
    }

    @Test("every order that was acknowledged exists, and the same key made one order however often it was sent")
    func acknowledged() async throws {
        try await Stack.with { stack in
            let orders = try await Customers.keepOrdering(from: stack) { customers in
                for _ in 0..<3 {
                    try await customers.acknowledged(more: 5)
                    await stack.centre.kill()
                    try await stack.startCentre()
                }
                try await customers.acknowledged(more: 5)
            }
            try await stack.expectKept(orders)
        }
    }

    @Test("with the centre dead at the window's end, the agent releases on time by itself")
    func silence() async throws {
        try await Stack.with(.init(stopDelay: "500ms")) { stack in
            let order = try await stack.order(OrderText(window: "PT15S", grace: "PT3S"))
            try await stack.follow(order, until: "ready")
            await stack.centre.kill()
            // The database's clock alone goes on; nobody reads or writes an order.
            try await eventually("window and grace have passed") {
                try await stack.holds(
                    "SELECT bool_and(muster.now() > window_end + make_interval(secs => grace_seconds + 2)) FROM muster.\"order\""
                ) ? () : nil
            }
            #expect(try await stack.holds("SELECT bool_and(state = 'ready') FROM muster.instance"))
            try await stack.startCentre()
            try await stack.follow(order, until: "settled")
            let lags = try await stack.rows(
                """
                SELECT extract(epoch FROM i.stopped_at - o.window_end)::float8 AS lag
                  FROM muster.instance i JOIN muster."order" o USING (order_id)
                """
            ).map { try $0.decode("lag", as: Double.self) }
            #expect(lags.count == order.count)
            #expect(lags.allSatisfy { (0...4).contains($0) }, "\(lags)")
            try await stack.expectSettled([order])
        }
    }
}
