import Testing

@testable import Postgres

@Suite struct LendingTests {
    private typealias Line = Lending<String, Int>

    @Test("places are opened up to the size, then one waits, then one is refused")
    func bounds() {
        var line = Line(size: 2, bound: 1)
        #expect(line.take() == .open)
        #expect(line.take() == .open)
        #expect(line.take() == nil)
        #expect(line.join(1, id: 1) == nil)
        #expect(line.join(2, id: 2) == .refused(.crowded))
        #expect(line.waiting == 1)
    }

    @Test("a session goes to whoever has waited longest, and nobody overtakes")
    func order() {
        var line = Line(size: 1, bound: 9)
        #expect(line.take() == .open)
        for id in 1...3 { #expect(line.join(Int(id), id: UInt64(id)) == nil) }
        #expect(line.take() == nil)
        for expected in 1...3 { #expect(line.giveBack("a", at: .now) == .handOver(expected)) }
        #expect(line.giveBack("a", at: .now) == .kept)
        #expect(line.take() == .use("a"))
    }

    @Test("who has left the line is not served")
    func leaving() {
        var line = Line(size: 1, bound: 9)
        #expect(line.take() == .open)
        #expect(line.join(1, id: 1) == nil)
        #expect(line.join(2, id: 2) == nil)
        #expect(line.leave(1) == 1)
        #expect(line.leave(1) == nil)
        #expect(line.giveBack("a", at: .now) == .handOver(2))
    }

    @Test("the place of a lost session goes to the next in line, or becomes free")
    func losing() {
        var line = Line(size: 1, bound: 9)
        #expect(line.take() == .open)
        #expect(line.join(1, id: 1) == nil)
        #expect(line.lose() == 1)
        #expect(line.places == 1)
        #expect(line.lose() == nil)
        #expect(line.places == 0)
        #expect(line.take() == .open)
    }

    @Test("sessions idle for long are taken out, and their places with them")
    func reaping() {
        var line = Line(size: 2, bound: 9)
        let start = ContinuousClock.now
        #expect(line.take() == .open)
        #expect(line.take() == .open)
        #expect(line.giveBack("old", at: start) == .kept)
        #expect(line.giveBack("new", at: start + .seconds(10)) == .kept)
        #expect(line.reap(idleSince: start + .seconds(5)) == ["old"])
        #expect(line.places == 1)
        #expect(line.take() == .use("new"))
    }

    @Test("a closed line refuses all, and discards what comes back")
    func closing() {
        var line = Line(size: 2, bound: 9)
        #expect(line.take() == .open)
        #expect(line.take() == .open)
        #expect(line.giveBack("idle", at: .now) == .kept)
        #expect(line.close().idle == ["idle"])
        #expect(line.take() == .refused(.closed))
        #expect(line.join(1, id: 1) == .refused(.closed))
        #expect(line.giveBack("lent", at: .now) == .discard)
        #expect(line.places == 0)
    }

    @Test("in whatever order things happen, size and bound hold and nobody waits beside a free place")
    func property() {
        for seed in UInt64(0)..<200 {
            var generator = Sequence64(state: seed)
            var line = Lending<Int, UInt64>(size: 3, bound: 4)
            var lent = 0
            for step in UInt64(0)..<200 {
                switch Int.random(in: 0..<4, using: &generator) {
                case 0, 1:
                    switch line.join(step, id: step) {
                    case .use, .open: lent += 1
                    case .refused, nil: break
                    }
                case 2 where lent > 0:
                    if case .kept = line.giveBack(0, at: .now) { lent -= 1 }
                case 3 where lent > 0:
                    if line.lose() == nil { lent -= 1 }
                default: _ = line.leave(.random(in: 0...step, using: &generator))
                }
                let isWithinBounds = line.places <= 3 && line.waiting <= 4 && lent <= line.places
                let isServed = line.waiting == 0 || lent == 3
                if !isWithinBounds || !isServed { Issue.record("seed \(seed) step \(step)") }
            }
        }
    }
}

/// A generator that gives the same numbers for the same seed.
private struct Sequence64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
