import CapacityAPI
import Logging
import Synchronization
import Testing

@testable import SiteAgent

@Suite("GPUs of instances", .timeLimit(.minutes(1)))
struct GPUTests {
    private static func gpus(_ devices: Int..., share: Int64? = nil) -> AgentWire.GPUs {
        AgentWire.GPUs(model: "G2", devices: devices, shareMilli: share)
    }

    @Test("the simulated engine shows by device what is on it, in its next life too, and nothing once all have stopped")
    func occupancy() async throws {
        try await Rig.with { rig in
            rig.centre.assign([
                .sample("half", gpus: Self.gpus(1, share: 500)), .sample("none", sequence: 2),
                .sample("pair", sequence: 3, gpus: Self.gpus(0, 2)),
                .sample("third", sequence: 4, gpus: Self.gpus(1, share: 300)),
            ])
            let expected = [(0, 1_000, ["pair"]), (1, 800, ["half", "third"]), (2, 1_000, ["pair"])].map {
                DeviceOccupancy(site: "s", host: "host-1", device: $0, milli: $1, instances: $2)
            }
            let first = SimulatedEngine(settings: .init(), timekeeper: rig.timekeeper, logger: .silent)
            try await rig.life(engine: first) { _ in
                await rig.centre.state.wait { $0.counts[.ready] == 4 }
                let seen = try await first.list().deviceOccupancy
                #expect(seen == expected)
            }
            let second = SimulatedEngine(settings: .init(), timekeeper: rig.timekeeper, logger: .silent)
            try await rig.life(engine: second) { _ in
                await rig.timekeeper.advance { rig.timekeeper.wall > .noon(plus: 60) }
                let kept = try await second.list().deviceOccupancy
                #expect(kept == expected)
                rig.timekeeper.advance(to: .noon(plus: 3_600))
                await rig.centre.state.wait { $0.counts[.stopped] == 4 }
                let left = try await second.list().deviceOccupancy
                #expect(left == [])
            }
        }
    }

    @Test(
        "it warns of a device that has more on it than it has, of each host by itself, and no more once one has stopped"
    )
    func overfull() async throws {
        let warnings = Warnings()
        let logger = Logger(label: "test") { _ in warnings }
        let engine = SimulatedEngine(settings: .init(), timekeeper: ManualTimekeeper(), logger: logger)
        func start(_ name: String, host: String = "host-1", _ gpus: AgentWire.GPUs) async throws {
            var assignment = AgentWire.Assignment.sample(name, gpus: gpus)
            assignment.host = host
            _ = try await engine.start(assignment, at: "s")
        }
        try await start("a", Self.gpus(0, share: 600))
        try await start("b", Self.gpus(0, share: 400))
        try await start("c", host: "host-2", Self.gpus(0, 1))
        try await start("c", host: "host-2", Self.gpus(0, 1))
        #expect(warnings.seen.withLock { $0 } == [])
        try await start("d", Self.gpus(0, 1))
        #expect(warnings.seen.withLock { $0 } == ["host-1/0: 2000 [\"a\", \"b\", \"d\"]"])
        _ = try await engine.stop("d", grace: .zero)
        try await start("e", Self.gpus(1))
        #expect(warnings.seen.withLock { $0.count } == 1)
    }

    @Test("a container is told of its GPUs by its environment and its pod's annotations, and is found again with them")
    func told() throws {
        let whole = AgentWire.Assignment.sample("i-1", gpus: Self.gpus(0, 3))
        var environment = CRIEngine.environment(for: whole, at: "s").filter { $0.key.hasPrefix("MUSTER_GPU") }
        #expect(environment == ["MUSTER_GPU_MODEL": "G2", "MUSTER_GPU_DEVICES": "0,3"])
        var share = AgentWire.Assignment.sample("i-2", gpus: Self.gpus(1, share: 250))
        share.environment["MUSTER_GPU_SHARE_MILLI"] = "1000"
        environment = CRIEngine.environment(for: share, at: "s")
        #expect(environment["MUSTER_GPU_SHARE_MILLI"] == "250", "an order does not say otherwise")
        #expect(environment["MUSTER_GPU_DEVICES"] == "1" && environment["A"] == "1")
        #expect(
            share.gpus?.annotations
                == ["muster.gpu-model": "G2", "muster.gpu-devices": "1", "muster.gpu-share-milli": "250"])
        let none = CRIEngine.environment(for: .sample("i-3"), at: "s")
        #expect(none.keys.allSatisfy { !$0.hasPrefix("MUSTER_GPU") })

        for assignment in [whole, share, .sample("i-3")] {
            let labels = ContainerLabels.labels(for: assignment, at: "s")
            let state = Existing.State.running(address: nil)
            #expect(ContainerLabels.existing(labels, state: state) == Existing(assignment, at: "s", state: state))
        }
        #expect(AgentWire.GPUs(labels: ["muster.gpu-model": "G2", "muster.gpu-devices": "0,x"]) == nil)
    }
}

/// Keeps what is warned of.
private final class Warnings: LogHandler, Sendable {
    let seen = Mutex<[String]>([])
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .warning }
        set {}
    }

    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        let metadata = event.metadata ?? [:]
        func text(_ key: String) -> String { metadata[key].map { "\($0)" } ?? "" }
        seen.withLock { $0.append("\(text("host"))/\(text("device")): \(text("milli")) \(text("instances"))") }
    }
}
