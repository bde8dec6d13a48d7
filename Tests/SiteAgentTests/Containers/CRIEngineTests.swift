import AsyncHTTPClient
import CRI
import CapacityAPI
import CapacityModel
import FoundationEssentials
import NIOCore
import TestSupport
import Testing

@testable import SiteAgent

/// The socket tests may use, from the environment. Required and missing is a failure, never a silent skip.
enum TestRuntime {
    static let socket = ProcessInfo.processInfo.environment["MUSTER_TEST_CONTAINERD"]
    static let isRequired = ProcessInfo.processInfo.environment["MUSTER_TEST_REQUIRE"]?.contains("containerd") ?? false
    static var isWanted: Bool { socket != nil || isRequired }

    /// Runs `body` with an engine over the real runtime and a maker of names no other run has.
    static func withEngine(
        _ body: @Sendable (CRIEngine, @Sendable () -> CRIEngine, String) async throws -> Void
    ) async throws {
        let socket = try #require(socket, "MUSTER_TEST_REQUIRE wants containerd: set MUSTER_TEST_CONTAINERD")
        let run = "t" + UUID().uuidString.lowercased().prefix(8)
        let folder = FileManager.default.temporaryDirectory.path + "/muster-engine-test-\(run)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await ContainerRuntime.withConnection(to: socket) { runtime in
            let make: @Sendable () -> CRIEngine = {
                CRIEngine(runtime: runtime, logFolder: folder, concurrency: 4, timekeeper: SystemTimekeeper())
            }
            try await body(make(), make, run)
        }
        try FileManager.default.removeItem(atPath: folder)
    }
}

@Suite(
    "Instances as containers", .enabled(if: TestRuntime.isWanted), .serialized, .containerRuntime(.shared),
    .timeLimit(.minutes(5))
)
struct CRIEngineTests {
    private func mine(_ engine: CRIEngine, _ run: String) async throws -> [Existing] {
        try await engine.list().filter { $0.instance.hasPrefix(run) }.sorted { $0.instance < $1.instance }
    }

    /// A busy machine may take longer to stop a container than a stop waits: it is then asked for again.
    private func stop(_ name: String, by engine: CRIEngine) async throws {
        for _ in 0..<30 where try await engine.stop(name, grace: .seconds(10)) == .gone { return }
        Issue.record("\(name) is still there")
    }

    @Test("five start, each answers on its own address as itself, a new agent finds them, and all stop")
    func fiveInstances() async throws {
        try await TestRuntime.withEngine { engine, make, run in
            let names = (1...5).map { "\(run)-\($0)" }
            var addresses: [String: String] = [:]
            for name in names {
                addresses[name] = try await engine.start(.sample(name), at: "site-\(run)")
            }
            #expect(Set(addresses.values).count == 5)
            for (name, address) in addresses {
                let page = try await Self.page(of: address)
                #expect(page.contains("instance \(name)"))
                #expect(page.contains("site site-\(run)"))
            }
            // Another life of the agent: it knows nothing but labels.
            let successor = make()
            let found = try await mine(successor, run)
            let expected = names.map {
                Existing(.sample($0), at: "site-\(run)", state: .running(address: addresses[$0]))
            }
            #expect(found == expected)
            for name in names { try await stop(name, by: successor) }
            let left = try await mine(successor, run)
            #expect(left == [])
            let again = try await engine.stop(names[0], grace: .zero)
            #expect(again == .gone)
        }
    }

    @Test(
        "one with GPUs sees which they are in its environment, its pod is annotated with them, and one without is not")
    func gpus() async throws {
        try await TestRuntime.withEngine { engine, make, run in
            let gpus = [
                AgentWire.GPUs(model: "G2", devices: [0, 3], shareMilli: nil),
                AgentWire.GPUs(model: "G2", devices: [1], shareMilli: 250), nil,
            ]
            let told: [[String]] = [
                ["MUSTER_GPU_DEVICES=0,3", "MUSTER_GPU_MODEL=G2"],
                ["MUSTER_GPU_DEVICES=1", "MUSTER_GPU_MODEL=G2", "MUSTER_GPU_SHARE_MILLI=250"], [],
            ]
            for (number, (gpus, told)) in zip(gpus, told).enumerated() {
                var assignment = AgentWire.Assignment.sample("\(run)-\(number)", gpus: gpus)
                // What a program reads once it runs, not what the runtime was asked to tell it.
                assignment.command = ["/bin/sh", "-c", "mkdir -p /www; env >/www/index.html; httpd -f -p 80 -h /www"]
                let address = try await engine.start(assignment, at: "s")
                let environment = try await Self.page(of: try #require(address)).split(separator: "\n").map(String.init)
                #expect(environment.filter { $0.hasPrefix("MUSTER_GPU") }.sorted() == told)
                #expect(environment.contains("A=1") && environment.contains("MUSTER_INSTANCE=\(assignment.instance)"))

                let pods = try await engine.runtime.pods(labelled: [ContainerLabels.instance: assignment.instance])
                let annotations = pods.first?.annotations.filter { $0.key.hasPrefix("muster.gpu") }
                #expect(annotations == gpus?.annotations ?? [:])
                #expect(try await mine(make(), run).map(\.gpus) == [gpus])
                try await stop(assignment.instance, by: engine)
            }
        }
    }

    @Test("a command that does not exist fails, and the pod made for it is cleared away")
    func badCommand() async throws {
        try await TestRuntime.withEngine { engine, _, run in
            var assignment = AgentWire.Assignment.sample("\(run)-x")
            assignment.command = ["/no/such/program"]
            await #expect(throws: EngineFailure.self) { _ = try await engine.start(assignment, at: "s") }
            let half = try await mine(engine, run)
            #expect(half.count == 1)
            let halt = try await engine.stop(assignment.instance, grace: .zero)
            #expect(halt == .gone)
            let left = try await mine(engine, run)
            #expect(left == [])
        }
    }

    @Test("one that ignores the stop signal does not hold its place for the whole grace, and is killed after it")
    func stubborn() async throws {
        try await TestRuntime.withEngine { engine, _, run in
            var assignment = AgentWire.Assignment.sample("\(run)-x")
            // It answers when it has shut its ears; before that, while the runtime still sets it up, it would obey.
            assignment.command = [
                "/bin/sh", "-c", "trap '' TERM; mkdir -p /www; echo deaf >/www/index.html; httpd -f -p 80 -h /www",
            ]
            let address = try await engine.start(assignment, at: "s")
            _ = try await Self.page(of: try #require(address))
            let first = try await engine.stop(assignment.instance, grace: .seconds(600))
            #expect(first == .lingering)
            let second = try await engine.stop(assignment.instance, grace: .zero)
            #expect(second == .gone)
        }
    }

    @Test("one whose program ends is found broken, with what it said last")
    func ended() async throws {
        try await TestRuntime.withEngine { engine, _, run in
            var assignment = AgentWire.Assignment.sample("\(run)-x")
            assignment.command = ["/bin/sh", "-c", "echo out of luck; exit 3"]
            _ = try await engine.start(assignment, at: "s")
            var state = try await mine(engine, run).first?.state
            while case .running = state { state = try await mine(engine, run).first?.state }
            guard case .broken(let message) = state else {
                Issue.record("found \(String(describing: state))")
                return
            }
            #expect(message.contains("code 3"))
            #expect(message.contains("out of luck"))
            _ = try await engine.stop(assignment.instance, grace: .zero)
        }
    }

    /// The page at `address`, asked for until its server has bound its port.
    private static func page(of address: String) async throws -> String {
        for _ in 0..<200 {
            do {
                let request = HTTPClientRequest(url: "http://\(address)/")
                let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
                return String(buffer: try await response.body.collect(upTo: 1 << 16))
            } catch {
                // Not yet: a refused connection costs a moment of its own, which paces this loop.
                await Task.yield()
            }
        }
        throw EngineFailure.refused("\(address) never answered")
    }
}
