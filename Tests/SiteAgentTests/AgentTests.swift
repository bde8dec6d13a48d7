import CapacityAPI
import CapacityModel
import Testing

@testable import SiteAgent

@Suite("An agent between its centre and its engine", .timeLimit(.minutes(5)))
struct AgentTests {
    private let end = Instant.noon(plus: 3_600)

    @Test("it starts what it is told when the time has come, and says when it is ready and when it is gone")
    func wholeLife() async throws {
        try await Rig.with { rig in
            rig.centre.assign([.sample("a", sequence: 1), .sample("b", sequence: 2, start: .noon(plus: 100))])
            try await rig.life { _ in
                await rig.centre.state.wait { $0.observed.contains("ready a") }
                #expect(rig.engine.state.value.running == ["a"])
                rig.timekeeper.advance(to: .noon(plus: 100))
                await rig.centre.state.wait { $0.observed.contains("ready b") }
                rig.timekeeper.advance(to: end)
                await rig.centre.state.wait { $0.counts[.stopped] == 2 }
            }
            #expect(rig.engine.state.value.running == [])
            #expect(
                Set(rig.centre.state.value.observed)
                    == ["starting a", "ready a", "stopped a", "starting b", "ready b", "stopped b"]
            )
        }
    }

    @Test("cut off at its window's end it stops everything by itself, and tells the centre when it is back")
    func cutOffAtTheEnd() async throws {
        try await Rig.with { rig in
            let names = (0..<50).map { "i\($0)" }
            rig.centre.assign(names.enumerated().map { .sample($1, sequence: Int64($0 + 1)) })
            try await rig.life { _ in
                await rig.centre.state.wait { $0.counts[.ready] == 50 }
                rig.centre.state.change { $0.isCutOff = true }
                rig.engine.state.change { $0.stubborn = ["i7"] }
                rig.timekeeper.advance(to: end)
                await rig.engine.state.wait { $0.running == ["i7"] }
                rig.timekeeper.advance(to: end + .seconds(60))
                await rig.timekeeper.advance { rig.engine.state.value.running.isEmpty }
                #expect(rig.engine.state.value.stops.filter { $0 == "i7" }.count == 2)
                rig.centre.state.change { $0.isCutOff = false }
                await rig.timekeeper.advance { rig.centre.state.value.counts[.stopped] == 50 }
            }
            let late = rig.centre.state.value.sites["s"]?.observations.filter { $0.state == .stopped && $0.at < end }
            #expect(late?.isEmpty == true)
        }
    }

    @Test("cut off it starts what it knows when its time comes")
    func startsCutOff() async throws {
        try await Rig.with { rig in
            rig.centre.assign([.sample("a", start: .noon(plus: 100))])
            try await rig.life { _ in
                // The next question is asked only when the answer to the first is written.
                await rig.centre.state.wait { $0.asked.contains(1) }
                rig.centre.state.change { $0.isCutOff = true }
                rig.timekeeper.advance(to: .noon(plus: 100))
                await rig.engine.state.wait { $0.running == ["a"] }
            }
        }
    }

    @Test("a report whose acknowledgement was lost goes out again as the same report, and is counted once")
    func lostAcknowledgement() async throws {
        try await Rig.with { rig in
            rig.centre.state.change { $0.lostAnswers = 3 }
            rig.centre.assign([.sample("a")])
            try await rig.life { _ in
                await rig.timekeeper.advance { rig.centre.state.value.observed.contains("ready a") }
            }
            let arrivals = rig.centre.state.value.arrivals
            let bySequence = Dictionary(grouping: arrivals, by: \.sequence)
            #expect(bySequence[1]?.count == 4)
            #expect(bySequence.values.allSatisfy { Set($0).count == 1 })
            #expect(rig.centre.state.value.observed == ["starting a", "ready a"])
        }
    }

    @Test("a stale epoch is ignored and a newer wish to stop is granted")
    func epochs() async throws {
        try await Rig.with { rig in
            rig.centre.assign([.sample("a", sequence: 1, epoch: 5)])
            try await rig.life { _ in
                await rig.centre.state.wait { $0.observed.contains("ready a") }
                rig.centre.assign([.sample("a", sequence: 2, epoch: 4, desire: .stop)])
                await rig.centre.state.wait { $0.asked.contains(2) }
                #expect(rig.engine.state.value.stops == [])
                rig.centre.assign([.sample("a", sequence: 3, epoch: 6, desire: .stop)])
                await rig.centre.state.wait { $0.observed.contains("stopped a") }
            }
            #expect(rig.centre.state.value.sites["s"]?.observations.last?.epoch == 6)
            #expect(rig.engine.state.value.running == [])
        }
    }

    @Test("a start that fails is reported failed, and nothing of it is left")
    func failingStart() async throws {
        try await Rig.with { rig in
            rig.engine.state.change { $0.refused = ["bad"] }
            rig.centre.assign([.sample("bad", sequence: 1), .sample("good", sequence: 2)])
            try await rig.life { _ in
                await rig.centre.state.wait { $0.observed.contains("failed bad") && $0.observed.contains("ready good") }
            }
            #expect(rig.engine.state.value.running == ["good"])
            let failed = rig.centre.state.value.sites["s"]?.observations.first { $0.state == .failed }
            #expect(failed?.message == "no such image")
        }
    }

    @Test("an engine that goes away and comes back costs nothing but time")
    func engineAway() async throws {
        try await Rig.with { rig in
            rig.centre.assign([.sample("a", sequence: 1), .sample("b", sequence: 2, start: .noon(plus: 10))])
            try await rig.life { _ in
                await rig.centre.state.wait { $0.observed.contains("ready a") }
                rig.engine.state.change { $0.isAway = true }
                rig.timekeeper.advance(to: .noon(plus: 10))
                await rig.centre.state.wait { $0.observed.contains("starting b") }
                rig.engine.state.change { $0.isAway = false }
                await rig.timekeeper.advance { rig.centre.state.value.observed.contains("ready b") }
            }
            #expect(rig.engine.state.value.running == ["a", "b"])
            #expect(rig.engine.state.value.starts == ["a", "b"])
        }
    }

    @Test("an instance that vanishes is reported failed")
    func vanished() async throws {
        try await Rig.with { rig in
            rig.centre.assign([.sample("a")])
            try await rig.life { _ in
                await rig.centre.state.wait { $0.observed.contains("ready a") }
                rig.engine.state.change { $0.instances = [:] }
                await rig.timekeeper.advance { rig.centre.state.value.observed.contains("failed a") }
            }
        }
    }

    @Test("with a disk that takes nothing any more instances are stopped on time even so, and none is started")
    func brokenDisk() async throws {
        try await Rig.with { rig in
            rig.centre.assign([.sample("a", sequence: 1), .sample("b", sequence: 2, start: .noon(plus: 100))])
            try await rig.life { store in
                await rig.centre.state.wait { $0.observed.contains("ready a") && $0.asked.contains(2) }
                await store.close()
                rig.timekeeper.advance(to: .noon(plus: 100))
                rig.timekeeper.advance(to: end)
                await rig.engine.state.wait { $0.running.isEmpty }
            }
            #expect(rig.engine.state.value.starts == ["a"])
        }
    }

    @Test("a centre that lost its count is told on under its own numbers, and nothing is left out")
    func centreLostCount() async throws {
        try await Rig.with { rig in
            rig.centre.assign([.sample("a")])
            try await rig.life { _ in
                await rig.centre.state.wait { $0.observed.contains("ready a") }
                rig.centre.state.change { $0.sites["s"]?.reportSequence = 0 }
                rig.timekeeper.advance(to: end)
                await rig.centre.state.wait { $0.observed.contains("stopped a") }
            }
            #expect(rig.centre.state.value.sites["s"]?.reportSequence == 1)
        }
    }
}
