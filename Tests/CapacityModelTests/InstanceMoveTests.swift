import CapacityModel
import Testing

@Suite("A running instance that moves")
struct InstanceMoveTests {
    @Test("the old one is told to stop only when the new one is ready, and a pair ends as one")
    func table() {
        let running: Set<Instance.State> = [.planned, .assigned, .starting, .ready]
        for old in Instance.State.allCases {
            for new in Instance.State.allCases {
                let expected: InstanceMove.Step =
                    if new == .failed {
                        .abandon
                    } else if !running.contains(new) {
                        .giveBack
                    } else if old == .failed {
                        .finishForFailed
                    } else if !running.contains(old) {
                        .giveBack
                    } else {
                        new == .ready ? .breakOld : .wait
                    }
                #expect(InstanceMove.step(.making, old: old, new: new) == expected, "\(old) \(new)")
                #expect(
                    InstanceMove.step(.breaking, old: old, new: new) == (old.isOver ? .finish : .wait), "\(old) \(new)")
                for over in [InstanceMove.State.done, .abandoned] {
                    #expect(InstanceMove.step(over, old: old, new: new) == .wait)
                }
            }
        }
    }
}
