import AsyncHTTPClient
import CapacityAPI
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import Postgres
import TestSupport
import Testing

/// The container runtime a story may use and kill, from the environment. It is expected to be started again by itself.
private enum LentRuntime {
    static let socket = ProcessInfo.processInfo.environment["MUSTER_TEST_CONTAINERD"]
    static let isRequired = ProcessInfo.processInfo.environment["MUSTER_TEST_REQUIRE"]?.contains("containerd") ?? false

    /// kill -9 of containerd itself. Its process id lies beside its socket, written by whoever looks after it.
    static func kill(_ socket: String) throws {
        let file = socket.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/containerd.pid"
        guard let text = Stack.text(file), let pid = pid_t(text) else { throw Complaint("\(file) names no process") }
        guard Glibc.kill(pid, SIGKILL) == 0 else { throw Complaint("process \(pid) of \(file) is gone already") }
    }

    /// What there is of an order: two for each instance, the pod's sandbox and the container in it.
    static func containers(of order: OrderView, in socket: String) async throws -> [String] {
        let filter = #"labels."muster.order"==\#(order.id)"#
        let words = ["ctr", "--address", socket, "--namespace", "k8s.io", "containers", "ls", "--quiet", filter]
        let outcome = try await Command(words: words).run()
        guard outcome.status == 0 else { throw Complaint("ctr: \(outcome.complaint)") }
        return outcome.output.split(separator: "\n").map(String.init)
    }
}

@Suite(
    "kill -9 beside real containers", .enabled(if: LentRuntime.socket != nil || LentRuntime.isRequired),
    .containerRuntime(.alone), .timeLimit(.minutes(4))
)
struct ContainerDeathTests {
    @Test("agent and containerd killed in the middle of delivery, each instance answers as itself and none is left")
    func containers() async throws {
        let socket = try #require(
            LentRuntime.socket, "MUSTER_TEST_REQUIRE wants containerd: set MUSTER_TEST_CONTAINERD")
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
