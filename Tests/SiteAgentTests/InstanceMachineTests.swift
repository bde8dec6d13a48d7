import CapacityAPI
import CapacityModel
import Testing

@testable import SiteAgent

@Suite("One instance, decided without engine, clock or socket")
struct InstanceMachineTests {
    private typealias Action = InstanceMachine.Action

    private func machine(
        _ phase: InstanceMachine.Phase, _ assignment: AgentWire.Assignment = .sample("a")
    ) -> InstanceMachine {
        InstanceMachine(assignment, restored: phase)
    }

    private func said(
        _ state: AgentWire.Observation.State, at: Instant, epoch: Int64 = 1, address: String? = nil,
        message: String? = nil, code: String? = nil
    ) -> Action {
        .report(
            .init(instance: "a", epoch: epoch, state: state, at: at, address: address, message: message, code: code))
    }

    @Test("it starts when its time has come and not before")
    func start() {
        var machine = InstanceMachine(.sample("a", start: .noon(plus: 10)))
        #expect(machine.arrived(at: .noon) == [])
        #expect(machine.dueAt == .noon(plus: 10))
        #expect(machine.due(at: .noon(plus: 10)) == [said(.starting, at: .noon(plus: 10)), .start])
        #expect(
            machine.started(address: "10.0.0.1", at: .noon(plus: 11))
                == [said(.ready, at: .noon(plus: 11), address: "10.0.0.1")]
        )
        #expect(machine.dueAt == .noon(plus: 3_600))
    }

    @Test("at its window's end it is told to stop, and is over only when the engine promises it is gone")
    func end() {
        let end = Instant.noon(plus: 3_600)
        var machine = machine(.running(address: nil))
        #expect(machine.due(at: end - .seconds(1)) == [])
        #expect(machine.due(at: end) == [.stop(killAt: end + .seconds(60))])
        #expect(machine.gone(at: end + .seconds(2)) == [said(.stopped, at: end + .seconds(2))])
        #expect(machine.dueAt == end + .seconds(2) + InstanceMachine.memory)
        #expect(machine.due(at: end + .seconds(2) + InstanceMachine.memory) == [.forget])
    }

    @Test("one that ignores the stop signal is killed when its grace is over, not before")
    func lingering() {
        let end = Instant.noon(plus: 3_600)
        let killAt = end + .seconds(60)
        var machine = machine(.running(address: nil))
        _ = machine.due(at: end)
        #expect(machine.lingers(at: end + .seconds(1)) == [])
        #expect(machine.dueAt == killAt)
        #expect(machine.due(at: killAt) == [.stop(killAt: killAt)])
    }

    @Test("a start the engine refuses is cleared away first and reported then")
    func refused() {
        var machine = InstanceMachine(.sample("a"))
        _ = machine.arrived(at: .noon)
        #expect(machine.startFailed(.refused("no image"), at: .noon(plus: 1)) == [.stop(killAt: .noon(plus: 1))])
        #expect(machine.gone(at: .noon(plus: 2)) == [said(.failed, at: .noon(plus: 2), message: "no image")])
    }

    @Test("an image that does not exist is reported as that, once nothing of the instance is left")
    func imageNotFound() {
        var machine = InstanceMachine(.sample("a"))
        _ = machine.arrived(at: .noon)
        #expect(machine.startFailed(.imageNotFound("none"), at: .noon(plus: 1)) == [.stop(killAt: .noon(plus: 1))])
        let report = said(.failed, at: .noon(plus: 2), message: "none", code: "image-not-found")
        #expect(machine.gone(at: .noon(plus: 2)) == [report])
    }

    @Test("an engine that is away is asked again, ever more slowly, until the window ends")
    func unreachable() {
        var machine = InstanceMachine(.sample("a"))
        _ = machine.arrived(at: .noon)
        var now = Instant.noon
        for failures in 1...8 {
            #expect(machine.startFailed(.unreachable("gone"), at: now) == [])
            #expect(machine.dueAt == now + Backoff.engine.ceiling(afterFailures: failures))
            now = machine.dueAt ?? now
            #expect(machine.due(at: now) == [.start])
        }
        _ = machine.startFailed(.unreachable("gone"), at: .noon(plus: 3_599))
        #expect(machine.dueAt == .noon(plus: 3_600))
        #expect(machine.due(at: .noon(plus: 3_600)) == [.stop(killAt: .noon(plus: 3_660))])
    }

    @Test("a stop that fails is tried until the engine promises that nothing is left")
    func stopFails() {
        var machine = machine(.running(address: nil))
        _ = machine.due(at: .noon(plus: 3_600))
        #expect(machine.stopFailed(at: .noon(plus: 3_601)) == [])
        let retryAt = Instant.noon(plus: 3_601) + Backoff.engine.ceiling(afterFailures: 1)
        #expect(machine.dueAt == retryAt)
        #expect(machine.due(at: retryAt) == [.stop(killAt: .noon(plus: 3_660))])
    }

    @Test("an epoch that is no higher than the known one changes nothing", arguments: [Int64(0), 1, 2])
    func staleEpoch(epoch: Int64) {
        var machine = machine(.running(address: nil), .sample("a", epoch: 2))
        let before = machine
        #expect(machine.assigned(.sample("a", epoch: epoch, desire: .stop), at: .noon) == [])
        #expect(machine == before)
    }

    @Test("a wish to stop is granted in every phase", arguments: 0..<3)
    func stopWished(index: Int) {
        let phases: [InstanceMachine.Phase] = [.waiting, .starting(.init()), .running(address: nil)]
        var machine = machine(phases[index])
        let actions = machine.assigned(.sample("a", epoch: 2, desire: .stop), at: .noon(plus: 5))
        let expected: [[InstanceMachine.Action]] = [
            [said(.stopped, at: .noon(plus: 5), epoch: 2)],
            [.stop(killAt: .noon(plus: 65))],
            [.stop(killAt: .noon(plus: 65))],
        ]
        #expect(actions == expected[index])
    }

    @Test("a longer window moves the end, a shorter one ends it now; either way it says again where it stands")
    func windowMoves() {
        var machine = machine(.running(address: nil))
        let longer = machine.assigned(.sample("a", epoch: 2, end: .noon(plus: 7_200)), at: .noon(plus: 10))
        #expect(longer == [said(.ready, at: .noon(plus: 10), epoch: 2)])
        #expect(machine.dueAt == .noon(plus: 7_200))
        let ended = machine.assigned(.sample("a", epoch: 3, end: .noon(plus: 5)), at: .noon(plus: 10))
        #expect(ended == [said(.ready, at: .noon(plus: 10), epoch: 3), .stop(killAt: .noon(plus: 65))])
    }

    @Test("what was said under an old epoch is said again under the new one, also on the way")
    func startingAgain() {
        var machine = machine(.starting(.init()))
        #expect(machine.assigned(.sample("a", epoch: 2), at: .noon) == [said(.starting, at: .noon, epoch: 2)])
    }

    @Test("one that is over says so again under a new epoch, and is never started again")
    func overAgain() {
        var machine = machine(.over(.init(outcome: .failed("died"), since: .noon)))
        let actions = machine.assigned(.sample("a", epoch: 4), at: .noon(plus: 5))
        #expect(actions == [said(.failed, at: .noon, epoch: 4, message: "died")])
    }

    @Test("what shall not run and nobody knows is stopped through the engine even so")
    func unknownStop() {
        var machine = InstanceMachine(.sample("a", desire: .stop))
        #expect(machine.arrived(at: .noon) == [.stop(killAt: .noon)])
        #expect(machine.gone(at: .noon(plus: 1)) == [said(.stopped, at: .noon(plus: 1))])
    }

    @Test("the answer of a start that a stop overtook is not believed")
    func overtaken() {
        var machine = machine(.starting(.init()))
        _ = machine.due(at: .noon(plus: 3_600))
        #expect(machine.started(address: "10.0.0.1", at: .noon(plus: 3_601)) == [])
        #expect(machine.startFailed(.refused("late"), at: .noon(plus: 3_601)) == [])
    }

    @Test("a failure's text is cut to what the centre keeps")
    func longMessage() throws {
        var machine = machine(.stopping(.init(outcome: .failed(String(repeating: "x", count: 5_000)), killAt: .noon)))
        let actions = machine.gone(at: .noon)
        guard case .report(let observation) = try #require(actions.first) else {
            Issue.record("no report")
            return
        }
        #expect(observation.message?.utf8.count == InstanceMachine.messageLimitBytes)
    }
}
