import CapacityAPI
import CapacityModel
import Testing

@testable import muster

@Suite("progress of an order")
struct OrderProgressTests {
    typealias Sample = OrderSample

    @Test("an order is ready when it is active with all it asked for")
    func ready() {
        var progress = OrderProgress(Sample.order(), goal: .ready)
        progress.absorb(Sample.event(1, .delivering, Sample.counts(10, InstanceCounts(starting: 4, ready: 6))))
        #expect(progress.outcome == nil)
        progress.absorb(Sample.event(2, .active, Sample.counts(10, InstanceCounts(ready: 10))))
        #expect(progress.outcome == .reached)
    }

    @Test("fewer than acceptable is short, fewer than asked for may be enough")
    func leastAcceptable() {
        let active = Sample.event(1, .active, Sample.counts(10, InstanceCounts(ready: 8), refused: 2))
        var all = OrderProgress(Sample.order(), goal: .ready)
        all.absorb(active)
        #expect(all.outcome == .fellShort("8 of 10 are ready and no more will be (2 refused)"))
        for fulfilment in [Fulfilment(policy: .atLeast, minCount: 8), Fulfilment(policy: .bestEffort)] {
            var some = OrderProgress(Sample.order(fulfilment: fulfilment), goal: .ready)
            some.absorb(active)
            #expect(some.outcome == .reached)
        }
    }

    @Test("an order whose window ended will not be ready any more", arguments: [OrderState.releasing, .settled])
    func tooLate(state: OrderState) {
        let progress = OrderProgress(Sample.order(state: state), goal: .ready)
        guard case .fellShort(let reason) = progress.outcome else {
            Issue.record("expected to fall short, found \(String(describing: progress.outcome))")
            return
        }
        #expect(reason.contains("its window has ended"))
    }

    @Test("released means every stop is confirmed; settled waits for the receipt")
    func released() {
        var progress = OrderProgress(Sample.order(state: .active), goal: .released)
        var settled = OrderProgress(Sample.order(state: .active), goal: .settled)
        let steps: [(OrderState, InstanceCounts, Bool, Bool)] = [
            (.active, InstanceCounts(ready: 10), false, false),
            (.releasing, InstanceCounts(releasing: 3, released: 7), false, false),
            (.releasing, InstanceCounts(released: 10), true, false),
            (.settled, InstanceCounts(released: 10), true, true),
        ]
        for (index, step) in steps.enumerated() {
            let event = Sample.event(Int64(index + 1), step.0, Sample.counts(10, step.1))
            progress.absorb(event)
            settled.absorb(event)
            #expect((progress.outcome == .reached) == step.2)
            #expect((settled.outcome == .reached) == step.3)
        }
    }

    @Test("an event that comes again changes nothing, and an old reading does not undo a new event")
    func order() {
        var progress = OrderProgress(Sample.order(), goal: .ready)
        let asked = progress.sequence
        progress.absorb(Sample.event(5, .delivering, Sample.counts(10, InstanceCounts(ready: 10))))
        progress.absorb(Sample.event(4, .accepted, Sample.counts(10, InstanceCounts(planned: 10))))
        progress.absorb(Sample.order(state: .accepted), asked: asked)
        #expect(progress.state == .delivering)
        #expect(progress.counts.instances.ready == 10)
        progress.absorb(Sample.order(state: .active), asked: 5)
        #expect(progress.state == .active)
    }

    @Test("the provinces that miss most come first, failed instances not counted")
    func lagging() {
        var progress = OrderProgress(Sample.order(), goal: .ready)
        progress.absorb([
            Sample.instance(1, .ready, since: 1, province: "11"),
            Sample.instance(2, .starting, since: 1, province: "11"),
            Sample.instance(3, .planned, since: 1, province: "44"),
            Sample.instance(4, .assigned, since: 1, province: "44"),
            Sample.instance(5, .failed, since: 1, province: "44"), Sample.instance(6, .ready, since: 1, province: "31"),
        ])
        #expect(progress.lagging.map(\.name) == ["Guangdong", "Beijing"])
        #expect(progress.lagging.map(\.missing) == [2, 1])
        #expect(progress.laggingNote == "; still missing: Guangdong 2, Beijing 1")

        progress.absorb(Sample.event(1, .delivering, Sample.counts(10, InstanceCounts(planned: 2, ready: 8))))
        #expect(progress.laggingNote.isEmpty, "of the two that are missing it is not known where")
    }
}

@Suite("what a watch shows")
struct OrderProgressTextTests {
    typealias Sample = OrderSample

    @Test("a delivery reads as lines")
    func deliveryLines() {
        var progress = OrderProgress(Sample.order(opensAfter: 95), goal: .ready)
        #expect(
            progress.line(at: Sample.at(0))
                == "ord-1 accepted: 10 placed, 0 ready of 10 (0 %); the window opens in 1 min 40 s"
        )
        progress.absorb(
            Sample.event(1, .delivering, Sample.counts(10, InstanceCounts(starting: 3, ready: 6), refused: 1)))
        #expect(
            progress.line(at: Sample.at(100))
                == "ord-1 delivering: 9 placed, 1 refused, 3 starting, 6 ready of 10 (60 %)"
        )
    }

    @Test("a release reads as lines, with a countdown in steps before the end")
    func releaseLines() {
        var progress = OrderProgress(
            Sample.order(state: .active, instances: InstanceCounts(ready: 10)), goal: .released
        )
        let waiting = "ord-1 active: 10 placed, 10 ready of 10 (100 %); the window ends in "
        #expect(progress.line(at: Sample.at(1)) == waiting + "10 min")
        #expect(progress.line(at: Sample.at(59)) == waiting + "10 min")
        #expect(progress.line(at: Sample.at(61)) == waiting + "9 min")
        #expect(progress.line(at: Sample.at(575)) == waiting + "30 s")
        progress.absorb(Sample.event(1, .releasing, Sample.counts(10, InstanceCounts(releasing: 4, released: 6))))
        #expect(progress.line(at: Sample.at(601)) == "ord-1 releasing: 4 releasing, 6 released of 10 (60 %)")
    }

    @Test("a line is written when something has changed, at most once a second, and the last always")
    func pace() {
        var pace = LinePace()
        let lines: [(text: String, at: Double)] = [("a", 0), ("a", 5), ("b", 5.1), ("c", 5.9), ("d", 6.2)]
        #expect(lines.map { pace.admits($0.text, at: Sample.at($0.at)) } == [true, false, true, false, true])
        let last: [(text: String, at: Double)] = [("d", 6.3), ("e", 6.4)]
        #expect(last.map { pace.admitsLast($0.text, at: Sample.at($0.at)) } == [false, true])
    }

    @Test("a screen shows totals with bars and the provinces still missing")
    func screen() {
        var progress = OrderProgress(
            Sample.order(state: .delivering, instances: InstanceCounts(starting: 2, ready: 8)), goal: .ready
        )
        progress.absorb([
            Sample.instance(1, .ready, since: 1, province: "44"),
            Sample.instance(2, .starting, since: 1, province: "44"),
        ])
        #expect(
            progress.screen(at: Sample.at(10), width: 62, height: 20) == [
                "ord-1 probe: delivering, the window ends in 9 min 50 s",
                "  placed         10 of 10  ████████████████████ 100 %",
                "  starting        2 of 10",
                "  ready           8 of 10  ████████████████░░░░ 80 %",
                "  Guangdong       1 of  2  █████░░░░░ 50 %",
            ]
        )
    }

    @Test("a screen is never higher than it may be")
    func height() {
        var progress = OrderProgress(Sample.order(state: .delivering), goal: .ready)
        progress.absorb(
            Province.all.enumerated().map { Sample.instance($0.offset, .planned, since: 1, province: $0.element.code) }
        )
        for height in 1...40 {
            let lines = progress.screen(at: Sample.at(1), width: 80, height: height)
            #expect(lines.count <= min(height, 13))
        }
        let lines = progress.screen(at: Sample.at(1), width: 80, height: 40)
        #expect(lines.last == "  and 26 in 26 more provinces")
    }

    @Test("a bar is full only when all is done and empty only when nothing is")
    func bars() {
        #expect(OrderProgress.bar(0, of: 10, width: 4) == "░░░░")
        #expect(OrderProgress.bar(1, of: 1_000, width: 4) == "█░░░")
        #expect(OrderProgress.bar(999, of: 1_000, width: 4) == "███░")
        #expect(OrderProgress.bar(1_000, of: 1_000, width: 4) == "████")
        #expect(OrderProgress.bar(0, of: 0, width: 4) == "████")
    }

    @Test("a frame goes up over the last one, line by line, and erases only what is left")
    func frames() {
        #expect(Terminal.frame(["a", "b"], over: 0) == "a\u{1B}[K\nb\u{1B}[K\n\u{1B}[J")
        #expect(Terminal.frame(["c"], over: 2) == "\u{1B}[2A\rc\u{1B}[K\n\u{1B}[J")
    }

    @Test("times to ready count from the order or the window's start, whichever was later")
    func delivery() {
        let instances = (1...200).map { Sample.instance($0, .ready, since: 0.5 + Double($0) / 10, province: "44") }
        #expect(
            WatchSummary.delivery(Sample.order(count: 200), instances) == """
                ready  instances  seconds after the order was made
                first          1                               0.1
                half         100                              10.0
                99 %         198                              19.8
                all          200                              20.0

                """
        )
        let early = WatchSummary.delivery(
            Sample.order(opensAfter: 5), [Sample.instance(1, .ready, since: 4, province: "44")])
        #expect(early.contains("seconds after the window opened"))
        #expect(early.contains("-1.0"))
        #expect(WatchSummary.delivery(Sample.order(), []) == "")
    }

    @Test("lag counts from the window's end and is never negative")
    func release() {
        let instances = (1...100).map { Sample.instance($0, .released, since: 598 + Double($0) / 10, province: "44") }
        #expect(
            WatchSummary.release(Sample.order(count: 100), instances) == """
                released  instances  seconds after the window's end
                p50              50                             3.0
                p99              99                             7.9
                max             100                             8.0

                """
        )
        let early = [Sample.instance(1, .released, since: 100, province: "44")]
        #expect(
            WatchSummary.release(Sample.order(), early).contains("max               1                             0.0"))
    }
}
