import CapacityAPI
import CapacityModel
import Testing

@testable import SiteAgent

@Suite("What a site has to say, in numbered reports")
struct OutboxTests {
    private func entry(_ number: Int64) -> Outbox.Entry {
        .init(number: number, observation: .init(instance: "i\(number)", epoch: 1, state: .ready, at: .noon))
    }

    @Test("what happens while a report travels goes into the next, and the one on its way never changes")
    func oneOnItsWay() {
        var outbox = Outbox(lastSequence: 7)
        outbox.add(entry(1))
        let step1 = outbox.cut()
        #expect(step1 == 1)
        let first = outbox.report
        #expect(first?.sequence == 8)
        outbox.add(entry(2))
        outbox.add(entry(3))
        let step2 = outbox.cut()
        #expect(step2 == nil)
        #expect(outbox.report == first)
        let step3 = outbox.acknowledged(8)
        #expect(step3)
        let step4 = outbox.cut()
        #expect(step4 == 3)
        #expect(outbox.report?.observations.map(\.instance) == ["i2", "i3"])
    }

    @Test("an acknowledgement of something older ends no travel, and one that comes twice changes nothing")
    func acknowledgements() {
        var outbox = Outbox()
        outbox.add(entry(1))
        _ = outbox.cut()
        let step5 = outbox.acknowledged(0)
        #expect(!step5)
        let step6 = outbox.acknowledged(1)
        #expect(step6)
        let step7 = outbox.acknowledged(1)
        #expect(!step7)
        #expect(outbox.lastSequence == 1)
    }

    @Test("a centre that is ahead did not take the report: it is numbered anew and travels on")
    func ahead() {
        var outbox = Outbox(lastSequence: 2)
        outbox.add(entry(1))
        _ = outbox.cut()
        let ended = outbox.acknowledged(50)
        #expect(!ended)
        let moved = outbox.goOn(after: 50)
        #expect(moved)
        #expect(outbox.report?.sequence == 51)
        #expect(outbox.report?.observations.map(\.instance) == ["i1"])
    }

    @Test("a report takes a thousand observations and leaves the rest in order")
    func limit() {
        var outbox = Outbox()
        for number in 1...2_500 { outbox.add(entry(Int64(number))) }
        var sizes: [Int] = []
        while outbox.cut() != nil {
            sizes.append(outbox.travelling.count)
            _ = outbox.acknowledged(outbox.lastSequence)
        }
        #expect(sizes == [1_000, 1_000, 500])
    }

    @Test("a report is numbered after the centre's count where one side lost its own")
    func renumbered() {
        var outbox = Outbox(lastSequence: 40)
        outbox.add(entry(1))
        _ = outbox.cut()
        let step8 = outbox.goOn(after: 3)
        #expect(step8)
        #expect(outbox.report?.sequence == 4)
        let step9 = outbox.goOn(after: 3)
        #expect(!step9)
        #expect(outbox.report?.observations.count == 1)
    }
}
