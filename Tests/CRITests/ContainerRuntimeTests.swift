import FoundationEssentials
import TestSupport
import Testing

@testable import CRI

/// The socket tests may use, from the environment. Required and missing is a failure, never a silent skip.
enum TestRuntime {
    static let socket = ProcessInfo.processInfo.environment["MUSTER_TEST_CONTAINERD"]
    static let isRequired = ProcessInfo.processInfo.environment["MUSTER_TEST_REQUIRE"]?.contains("containerd") ?? false
    static var isWanted: Bool { socket != nil || isRequired }

    static func required() throws -> String {
        try #require(socket, "MUSTER_TEST_REQUIRE wants containerd: set MUSTER_TEST_CONTAINERD")
    }
}

@Suite(
    "The container runtime, where there is one", .enabled(if: TestRuntime.isWanted), .containerRuntime(.shared),
    .timeLimit(.minutes(5))
)
struct ContainerRuntimeTests {
    @Test("it says who it is and that its network works")
    func version() async throws {
        let socket = try TestRuntime.required()
        try await ContainerRuntime.withConnection(to: socket) { runtime in
            let version = try await runtime.version()
            #expect(version.name == "containerd")
            let conditions = try await runtime.conditions()
            let network = conditions.first { $0.name == "NetworkReady" }
            #expect(network?.holds == true)
        }
    }

    @Test("a thousand calls come back, though a connection would be ended as an attack long before")
    func manyCalls() async throws {
        let socket = try TestRuntime.required()
        try await ContainerRuntime.withConnection(to: socket) { runtime in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        for _ in 0..<250 { _ = try await runtime.containers(labelled: ["muster.test": "nobody"]) }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("a pod and its container run, have an address, and leave nothing behind")
    func wholeLife() async throws {
        let socket = try TestRuntime.required()
        let folder = FileManager.default.temporaryDirectory.path + "/muster-cri-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let name = "cri-test-\(UUID().uuidString.lowercased())"
        let labels = ["muster.test": name]
        try await ContainerRuntime.withConnection(to: socket) { runtime in
            let podConfig = ContainerRuntime.PodConfig(
                name: name, namespace: "muster-test", hostname: "test", labels: labels, logDirectory: folder
            )
            let pod = try await runtime.runPod(podConfig)
            let config = ContainerRuntime.ContainerConfig(
                name: "main", image: "muster.local/probe:1", command: [], environment: ["MUSTER_INSTANCE": name],
                labels: labels, logPath: "main.log", limits: .init(vcpuMilli: 50, memoryMiB: 16)
            )
            let container = try await runtime.createContainer(config, inPod: pod, of: podConfig)
            try await runtime.startContainer(container)
            let address = try await runtime.address(ofPod: pod)
            #expect(address != nil)
            let running = try await runtime.containers(labelled: labels)
            #expect(running.map(\.state) == [.running])
            try await runtime.stopContainer(container, graceSeconds: 10)
            try await runtime.removeContainer(container)
            try await runtime.stopPod(pod)
            try await runtime.removePod(pod)
            try await runtime.removePod(pod)
            let left = try await runtime.pods(labelled: labels)
            #expect(left == [])
        }
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test("an image that does not exist is a clear no, and a missing container is missing")
    func failures() async throws {
        let socket = try TestRuntime.required()
        try await ContainerRuntime.withConnection(to: socket) { runtime in
            let has = try await runtime.hasImage("muster.local/none:1")
            #expect(!has)
            do {
                try await runtime.startContainer("0000000000000000")
                Issue.record("a container nobody made was started")
            } catch RuntimeFailure.missing {
                // What was expected.
            }
        }
    }
}

@Suite("No container runtime", .timeLimit(.minutes(5)))
struct NoRuntimeTests {
    @Test("a socket nobody listens on fails calls at once, as unreachable")
    func unreachable() async throws {
        try await ContainerRuntime.withConnection(to: "/nonexistent/containerd.sock") { runtime in
            do {
                _ = try await runtime.version()
                Issue.record("nobody answered, and yet there is an answer")
            } catch RuntimeFailure.unreachable {
                // What was expected.
            }
        }
    }
}
