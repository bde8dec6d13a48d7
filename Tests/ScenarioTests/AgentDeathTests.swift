import CapacityAPI
import Postgres
import Testing

@Suite("kill -9 of the agent", .timeLimit(.minutes(5)))
struct AgentDeathTests {
    @Test("killed in the middle of delivery and at the window's end, it starts nothing twice and releases everything")
    func deliveryAndRelease() async throws {
        try await Stack.with(.init(startDelay: "3s", stopDelay: "3s")) { stack in
            let first = try await stack.order(OrderText(window: "PT30S", grace: "PT10S"))
            try await stack.follow(first, until: "ready")
            let before = try await stack.instances(of: first)

            let second = try await stack.order(OrderText(window: "PT25S", grace: "PT10S"))
            let ready = try await stack.watch(second, until: "ready")
            try await ready.line { $0.contains("placed") }
            await stack.agent.kill()
            try await stack.agent.start()
            try await ready.succeed()
            let after = try await stack.instances(of: first)
            #expect(after == before, "what ran before the agent died was touched")

            let settled = try await stack.watch(second, until: "settled")
            try await settled.line { $0.contains("releas") }
            await stack.agent.kill()
            try await stack.agent.start()
            try await settled.succeed()
            try await stack.follow(first, until: "settled")
            try await stack.expectSettled([first, second])
        }
    }
}
