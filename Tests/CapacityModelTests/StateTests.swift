import CapacityModel
import Testing

@Suite("Stored states")
struct StateTests {
    @Test("each drawn arrow of an instance, and nothing else, is a transition")
    func instance() {
        let arrows: [Instance.State: [Instance.Event: Instance.State]] = [
            .planned: [.assign: .assigned, .release: .released, .fail: .failed],
            .assigned: [.start: .starting, .ready: .ready, .release: .releasing, .stopped: .released, .fail: .failed],
            .starting: [.ready: .ready, .release: .releasing, .stopped: .released, .fail: .failed],
            .ready: [.release: .releasing, .stopped: .released, .fail: .failed],
            .releasing: [.stopped: .released, .fail: .released],
        ]
        for state in Instance.State.allCases {
            for event in Instance.Event.allCases {
                #expect(state.after(event) == arrows[state]?[event], "\(state) \(event)")
            }
        }
    }

    @Test("only released and failed instances have given their capacity back")
    func over() {
        #expect(Instance.State.allCases.filter(\.isOver) == [.released, .failed])
    }

    @Test("each drawn arrow of an order, and nothing else, is a transition")
    func order() {
        let arrows: [OrderState: [OrderState.Event: OrderState]] = [
            .accepted: [.deliver: .delivering, .release: .releasing],
            .delivering: [.ready: .active, .release: .releasing],
            .active: [.release: .releasing],
            .releasing: [.settle: .settled],
        ]
        for state in OrderState.allCases {
            for event in OrderState.Event.allCases {
                #expect(state.after(event) == arrows[state]?[event], "\(state) \(event)")
            }
        }
    }

    @Test("each drawn arrow of a hold, and nothing else, is a transition")
    func hold() {
        let arrows: [HoldState: [HoldState.Event: HoldState]] = [
            .held: [.draw: .drawn, .release: .released, .expire: .expired]
        ]
        for state in HoldState.allCases {
            for event in HoldState.Event.allCases {
                #expect(state.after(event) == arrows[state]?[event], "\(state) \(event)")
            }
        }
    }
}
