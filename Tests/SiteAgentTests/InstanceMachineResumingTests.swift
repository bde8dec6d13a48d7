import CapacityAPI
import CapacityModel
import Testing

@testable import SiteAgent

@Suite("One instance, found again after a restart or by a look at the engine")
struct InstanceMachineResumingTests {
    private func machine(_ phase: InstanceMachine.Phase) -> InstanceMachine {
        InstanceMachine(.sample("a"), restored: phase)
    }

    private func kinds(_ actions: [InstanceMachine.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .start: "start"
            case .stop: "stop"
            case .report(let observation): observation.short
            case .forget: "forget"
            }
        }
    }

    @Test("what runs is adopted and not started again")
    func adopts() {
        var running = machine(.running(address: "10.0.0.1"))
        #expect(kinds(running.resumed(.running(address: "10.0.0.1"), at: .noon(plus: 60))) == [])
        var starting = machine(.starting(.init()))
        #expect(kinds(starting.resumed(.running(address: "10.0.0.1"), at: .noon(plus: 60))) == ["ready a"])
        #expect(starting.phase == .running(address: "10.0.0.1"))
    }

    @Test("a start that was lost or left half done is made again, after clearing")
    func startsAgain() {
        for found in [nil, Existing.State.broken("half made")] {
            var machine = machine(.starting(.init()))
            #expect(kinds(machine.resumed(found, at: .noon(plus: 60))) == ["start"])
            #expect(machine.phase == .starting(.init(mayHaveLeft: true)))
        }
    }

    @Test("what ran and is gone is reported failed, and what broke is cleared away and reported failed")
    func vanished() {
        var gone = machine(.running(address: nil))
        #expect(kinds(gone.resumed(nil, at: .noon(plus: 60))) == ["failed a"])
        var broken = machine(.running(address: nil))
        #expect(kinds(broken.resumed(.broken("ended with code 1"), at: .noon(plus: 60))) == ["stop"])
        #expect(kinds(broken.gone(at: .noon(plus: 61))) == ["failed a"])
    }

    @Test("a window that ended meanwhile is ended now, whatever it was doing")
    func endedMeanwhile() {
        let after = Instant.noon(plus: 4_000)
        var running = machine(.running(address: nil))
        #expect(running.resumed(.running(address: nil), at: after) == [.stop(killAt: .noon(plus: 3_660))])
        var starting = machine(.starting(.init()))
        #expect(kinds(starting.resumed(nil, at: after)) == ["stop"])
        var waiting = machine(.waiting)
        #expect(kinds(waiting.resumed(nil, at: after)) == ["stopped a"])
    }

    @Test("a stop under way is taken up again, whatever is found")
    func stopsOn() {
        for found in [nil, Existing.State.running(address: nil), .broken("")] {
            var machine = machine(.stopping(.init(outcome: .stopped, killAt: .noon, failures: 3, retryAt: .noon)))
            #expect(machine.resumed(found, at: .noon) == [.stop(killAt: .noon)])
        }
    }

    @Test("what is over and yet there is swept away, and nothing is said of it twice")
    func sweeps() {
        var machine = machine(.over(.init(outcome: .stopped, since: .noon)))
        #expect(machine.surveyed(.running(address: nil), at: .noon(plus: 5)) == [.stop(killAt: .noon(plus: 5))])
        #expect(machine.gone(at: .noon(plus: 6)) == [])
        #expect(machine.surveyed(nil, at: .noon(plus: 15)) == [])
    }

    @Test("an orphan runs on until the centre disowns it, or its label's end comes")
    func orphan() {
        let existing = Existing(.sample("a"), at: "s", state: .running(address: "10.0.0.1"))
        var disowned = InstanceMachine(orphan: existing)
        #expect(disowned.surveyed(existing.state, at: .noon) == [])
        #expect(disowned.disowned(at: .noon(plus: 5)) == [.stop(killAt: .noon(plus: 65))])
        var cutOff = InstanceMachine(orphan: existing)
        #expect(cutOff.dueAt == .noon(plus: 3_600))
        #expect(cutOff.due(at: .noon(plus: 3_600)) == [.stop(killAt: .noon(plus: 3_660))])
    }

    @Test("an orphan the centre knows is taken over under the same epoch and said to be ready")
    func claimed() {
        let existing = Existing(.sample("a"), at: "s", state: .running(address: "10.0.0.1"))
        var machine = InstanceMachine(orphan: existing)
        #expect(kinds(machine.assigned(.sample("a"), at: .noon)) == ["ready a"])
        #expect(machine.disowned(at: .noon) == [])
        #expect(machine.isProvisional == false)
    }
}
