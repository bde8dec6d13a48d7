import CapacityAPI
import FoundationEssentials
import Glibc
import Testing

/// The container runtime a story may use and kill, from the environment. It is expected to be started again by itself.
enum LentRuntime {
    static let socket = ProcessInfo.processInfo.environment["MUSTER_TEST_CONTAINERD"]
    static let isRequired = ProcessInfo.processInfo.environment["MUSTER_TEST_REQUIRE"]?.contains("containerd") ?? false
    static var isWanted: Bool { socket != nil || isRequired }

    static func required() throws -> String {
        try #require(socket, "MUSTER_TEST_REQUIRE wants containerd: set MUSTER_TEST_CONTAINERD")
    }

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
