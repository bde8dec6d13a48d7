import CapacityAPI
import CapacityModel
import FoundationEssentials
import Testing

@testable import SiteAgent

@Suite("An agent that starts again", .timeLimit(.minutes(5)))
struct AgentRestartTests {
    @Test("it finds its instances, starts none twice, and stops none")
    func adopts() async throws {
        try await Rig.with { rig in
            rig.centre.assign((1...20).map { .sample("i\($0)", sequence: $0) })
            try await rig.life { _ in
                await rig.centre.state.wait { $0.counts[.ready] == 20 }
            }
            let before = rig.engine.state.value
            try await rig.life { _ in
                rig.centre.assign([.sample("new", sequence: 21)])
                await rig.centre.state.wait { $0.observed.contains("ready new") }
            }
            #expect(rig.engine.state.value.starts == before.starts + ["new"])
            #expect(rig.engine.state.value.stops == [])
            #expect(rig.centre.state.value.observed.count == 42)
        }
    }

    @Test("with its store lost it adopts what the centre still wants and stops what nobody knows")
    func lostStore() async throws {
        try await Rig.with { rig in
            rig.centre.assign([.sample("wanted", sequence: 1), .sample("forgotten", sequence: 2)])
            try await rig.life { _ in
                await rig.centre.state.wait { $0.counts[.ready] == 2 }
            }
            for name in try FileManager.default.contentsOfDirectory(atPath: rig.folder) {
                try FileManager.default.removeItem(atPath: rig.folder + "/" + name)
            }
            rig.centre.state.change { $0.sites["s"]?.rows.removeAll { $0.instance == "forgotten" } }
            try await rig.life { _ in
                await rig.engine.state.wait { $0.running == ["wanted"] }
                await rig.centre.state.wait { $0.observed.contains("stopped forgotten") }
            }
            #expect(rig.engine.state.value.starts.count == 2)
            #expect(rig.engine.state.value.stops == ["forgotten"])
            #expect(rig.centre.state.value.sites["s"]?.inventories.last == ["forgotten", "wanted"])
        }
    }

    @Test("cut off and started again it still releases at the window's end")
    func cutOffRestart() async throws {
        try await Rig.with { rig in
            rig.centre.assign([.sample("a")])
            try await rig.life { _ in await rig.centre.state.wait { $0.observed.contains("ready a") } }
            rig.centre.state.change { $0.isCutOff = true }
            try await rig.life { _ in
                rig.timekeeper.advance(to: .noon(plus: 3_600))
                await rig.engine.state.wait { $0.running.isEmpty }
            }
            rig.centre.state.change { $0.isCutOff = false }
            try await rig.life { _ in await rig.centre.state.wait { $0.observed.contains("stopped a") } }
            #expect(rig.centre.state.value.observed == ["starting a", "ready a", "stopped a"])
        }
    }

    @Test("a report on its way when the agent died goes out again under its number")
    func reportOnItsWay() async throws {
        try await Rig.with { rig in
            rig.centre.assign([.sample("a")])
            rig.centre.state.change { $0.lostAnswers = 1 }
            try await rig.life { _ in
                await rig.centre.state.wait { $0.arrivals.count == 1 }
                await rig.engine.state.wait { $0.running == ["a"] }
            }
            try await rig.life { _ in await rig.centre.state.wait { $0.observed.contains("ready a") } }
            let arrivals = rig.centre.state.value.arrivals.filter { $0.sequence == 1 }
            #expect(arrivals.count >= 2)
            #expect(Set(arrivals).count == 1)
            #expect(rig.centre.state.value.observed == ["starting a", "ready a"])
        }
    }

    @Test("the simulated engine's instances come back with the agent, as containers would")
    func simulated() async throws {
        try await Rig.with { rig in
            rig.centre.assign([.sample("a")])
            let first = SimulatedEngine(settings: .init(), timekeeper: rig.timekeeper, logger: .silent)
            try await rig.life(engine: first) { _ in
                await rig.centre.state.wait { $0.observed.contains("ready a") }
            }
            let second = SimulatedEngine(settings: .init(), timekeeper: rig.timekeeper, logger: .silent)
            try await rig.life(engine: second) { _ in
                await rig.timekeeper.advance { rig.timekeeper.wall > .noon(plus: 60) }
                let found = try await second.list()
                #expect(found.map(\.instance) == ["a"])
                rig.timekeeper.advance(to: .noon(plus: 3_600))
                await rig.centre.state.wait { $0.observed.contains("stopped a") }
            }
            #expect(rig.centre.state.value.observed == ["starting a", "ready a", "stopped a"])
        }
    }

    @Test("ten thousand instances of a hundred sites stop at once, and every one is told of")
    func tenThousand() async throws {
        let sites = (0..<100).map { "s\($0)" }
        try await Rig.with(sites: sites) { rig in
            for (index, site) in sites.enumerated() {
                rig.centre.assign((1...100).map { .sample("i\(index)-\($0)", sequence: $0) }, to: site)
            }
            let engine = SimulatedEngine(settings: .init(), timekeeper: rig.timekeeper, logger: .silent)
            try await rig.life(engine: engine) { _ in
                await rig.centre.state.wait { $0.counts[.ready] == 10_000 }
                rig.timekeeper.advance(to: .noon(plus: 3_600))
                await rig.centre.state.wait { $0.counts[.stopped] == 10_000 }
                let left = try await engine.list()
                #expect(left.isEmpty)
            }
        }
    }
}
