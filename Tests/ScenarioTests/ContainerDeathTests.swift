import AsyncHTTPClient
import CapacityAPI
import FoundationEssentials
import NIOCore
import NIOHTTP1
import Postgres
import TestSupport
import Testing

@Suite(
    "kill -9 beside real containers", .enabled(if: LentRuntime.isWanted),
    .containerRuntime(.alone), .timeLimit(.minutes(4))
)
struct ContainerDeathTests {
    @Test("agent and containerd killed in the middle of delivery, each instance answers as itself and none is left")
    func containers() async throws {
        let socket = try LentRuntime.required()
        try await Stack.with(.init(containerd: socket)) { stack in
            let order = try await stack.order(OrderText(count: 12, window: "PT40S", grace: "PT20S"))
            let ready = try await stack.watch(order, until: "ready")
            try await eventually("the first containers are ready") {
                try await stack.holds("SELECT count(*) >= 2 FROM muster.instance WHERE state = 'ready'") ? () : nil
            }
            await stack.agent.kill()
            try LentRuntime.kill(socket)
            try await stack.agent.start()
            try await ready.succeed()

            let there = try await LentRuntime.containers(of: order, in: socket)
            #expect(there.count == 2 * order.count)
            let instances = try await stack.instances(of: order)
            #expect(instances.count == order.count)
            for instance in instances {
                let page = try await page(of: instance)
                #expect(page.contains("instance \(instance.id)\n"), "\(page)")
                #expect(page.contains("site \(instance.site)\n"), "\(page)")
            }
            try await stack.follow(order, until: "settled")
            try await stack.expectSettled([order])
            let left = try await LentRuntime.containers(of: order, in: socket)
            #expect(left == [])
        }
    }

    /// What an instance says about itself.
    private func page(of instance: InstanceView) async throws -> String {
        guard let address = instance.address else { throw Complaint("\(instance.id) is ready without an address") }
        return try await eventually("\(instance.id) answers on \(address)") {
            let request = HTTPClientRequest(url: "http://\(address)/")
            let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
            return String(buffer: try await answer.body.collect(upTo: 1 << 16))
        }
    }
}
