import CapacityAPI
import CapacityModel
import Testing

@testable import SiteAgent

@Suite("The small parts an agent is made of")
struct SmallPartsTests {
    @Test("due times come out in order, whatever order they went in")
    func dueQueue() {
        var generator = Xorshift(state: 42)
        for seed in 0..<50 {
            var queue = DueQueue()
            let seconds = (0..<200).map { _ in Int64.random(in: 0..<100, using: &generator) }
            for second in seconds { queue.push(.init(at: .noon(plus: second), instance: "\(second)")) }
            #expect(queue.pop(dueAt: .noon(plus: -1)) == nil)
            var popped: [Instant] = []
            while let entry = queue.pop(dueAt: .noon(plus: 49)) { popped.append(entry.at) }
            #expect(popped == seconds.filter { $0 <= 49 }.sorted().map { .noon(plus: $0) }, "seed \(seed)")
            #expect(queue.count == seconds.count { $0 > 49 }, "seed \(seed)")
        }
    }

    @Test("stops go before starts, within the limit, and one thing at a time for each instance")
    func workQueue() {
        var queue = WorkQueue(limit: 2)
        for instance in ["a", "b", "c"] { queue.add(.start(instance)) }
        queue.add(.stop("z"))
        #expect(queue.next() == .stop("z"))
        #expect(queue.next() == .start("a"))
        #expect(queue.next() == nil)
        queue.add(.stop("a"))
        queue.finished("z")
        #expect(queue.next() == .start("b"))
        queue.finished("b")
        queue.finished("a")
        #expect(queue.next() == .stop("a"))
    }

    @Test("a start that a stop overtakes in the line is not made")
    func overtaken() {
        var queue = WorkQueue(limit: 1)
        queue.add(.start("a"))
        queue.add(.stop("a"))
        queue.add(.stop("a"))
        #expect(queue.next() == .stop("a"))
        queue.finished("a")
        #expect(queue.next() == nil)
        #expect(queue.waitingCount == 0)
    }

    @Test("a queue of ten thousand is worked off completely")
    func longLine() {
        var queue = WorkQueue(limit: 7)
        for number in 0..<10_000 { queue.add(.stop("\(number)")) }
        var done: Set<String> = []
        while case .stop(let instance) = queue.next() {
            done.insert(instance)
            queue.finished(instance)
        }
        #expect(done.count == 10_000)
    }

    @Test("an answer with a shorter round trip is believed over one with a longer, and the machine's clock never")
    func centreClock() {
        var clock = CentreClock(wall: .noon, elapsed: .zero, storedOffset: nil)
        clock.heard(.noon(plus: 100), sent: .seconds(1), received: .seconds(3))
        #expect(clock.now(at: .seconds(3)) == .noon(plus: 101))
        clock.heard(.noon(plus: 500), sent: .seconds(4), received: .seconds(34))
        #expect(clock.now(at: .seconds(34)) == .noon(plus: 132))
        clock.heard(.noon(plus: 133), sent: .seconds(34), received: .milliseconds(34_010))
        #expect(clock.now(at: .milliseconds(34_010)) == .noon(plus: 133) + .milliseconds(5))
        #expect(clock.elapsed(at: .noon(plus: 143) + .milliseconds(5)) == .milliseconds(44_010))
    }

    @Test("a restarted agent that is cut off knows the centre's time by the stored offset")
    func storedOffset() {
        let clock = CentreClock(wall: .noon, elapsed: .seconds(7), storedOffset: .seconds(-30))
        #expect(clock.now(at: .seconds(8)) == .noon(plus: -29))
        #expect(clock.offset(wall: .noon(plus: 1), elapsed: .seconds(8)) == .seconds(-30))
    }

    @Test("waits double up to their limit and never fall below half of it")
    func backoff() {
        let backoff = Backoff(first: .seconds(1), limit: .seconds(10))
        #expect((1...6).map(backoff.ceiling).map(\.wholeSeconds) == [1, 2, 4, 8, 10, 10])
        #expect(backoff.ceiling(afterFailures: .max) == .seconds(10))
        var generator = Xorshift(state: 7)
        for failures in 1...100 {
            let wait = backoff.wait(afterFailures: failures, using: &generator)
            #expect(wait <= backoff.ceiling(afterFailures: failures))
            #expect(wait >= backoff.ceiling(afterFailures: failures) / 2)
        }
    }

    @Test("a duration is read as a person types it")
    func typed() {
        #expect(Duration(typed: "250ms") == .milliseconds(250))
        #expect(Duration(typed: "2s") == .seconds(2))
        #expect(Duration(typed: "PT1M") == .seconds(60))
        #expect(Duration(typed: "soon") == nil)
        #expect(Duration(typed: "") == nil)
    }
}

/// A generator whose numbers are the same in every run.
struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
