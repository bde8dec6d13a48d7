import Testing

@testable import JobQueue

@Suite struct PaceTests {
    @Test("a worker asks for as much as it has free slots")
    func asksForFreeSlots() {
        var pace = Pace(slots: 10)
        #expect(pace.next() == .claim(10))
        pace.asking()
        pace.claimed(10, of: 10)
        #expect(pace.next() == .wait)
        pace.freed(4)
        #expect(pace.next() == .claim(4))
    }

    @Test("after a short claim only a nudge makes it ask again")
    func shortClaimWaitsForNudge() {
        var pace = Pace(slots: 10)
        pace.asking()
        pace.claimed(3, of: 10)
        #expect(pace.next() == .wait)
        pace.freed(3)
        #expect(pace.next() == .wait)
        pace.nudged()
        #expect(pace.next() == .claim(10))
    }

    @Test("a nudge while a claim is on its way is not lost")
    func nudgeDuringClaim() {
        var pace = Pace(slots: 10)
        pace.asking()
        pace.nudged()
        pace.claimed(0, of: 10)
        #expect(pace.next() == .claim(10))
    }

    @Test("once stopped, nothing makes it ask again")
    func stops() {
        var pace = Pace(slots: 10)
        pace.asking()
        pace.claimed(10, of: 10)
        pace.stopped()
        pace.nudged()
        pace.freed(10)
        #expect(pace.next() == .stop)
    }
}

@Suite struct BackoffTests {
    @Test("waits double up to the longest, and between half and all of that is random")
    func doublesWithinBounds() {
        let backoff = Backoff(first: .seconds(1), longest: .seconds(60))
        var generator = SystemRandomNumberGenerator()
        let full: [Int: Duration] = [
            1: .seconds(1), 2: .seconds(2), 6: .seconds(32), 7: .seconds(60), 1000: .seconds(60),
        ]
        for (attempt, longest) in full {
            let waits = (0..<100).map { _ in backoff.wait(afterAttempt: attempt, using: &generator) }
            for wait in waits {
                #expect(wait >= longest / 2 && wait <= longest, "attempt \(attempt) waited \(wait)")
            }
            #expect(Set(waits).count > 50)
        }
    }
}

@Suite struct StandingTests {
    /// What each event answers, one after the other, on a new standing.
    private func answers(_ events: [@Sendable (inout Standing) -> Bool]) -> [Bool] {
        var standing = Standing()
        return events.map { $0(&standing) }
    }

    private func ends(_ ending: Standing.Ending) -> @Sendable (inout Standing) -> Bool {
        { $0.handlerEnded() == ending }
    }

    @Test("a heartbeat that misses a lease is news only while its handler runs, and once")
    func missed() {
        #expect(answers([{ $0.missed() }, { $0.missed() }, ends(.refuse)]) == [true, false, true])
        #expect(answers([{ $0.beginCompleting() }, { $0.missed() }]) == [true, false])
        #expect(answers([ends(.settle), { $0.missed() }]) == [true, false])
    }

    @Test("what was lost or handed back is neither completed nor settled")
    func nothingAfterLoss() {
        #expect(answers([{ $0.missed() }, { $0.beginCompleting() }]) == [true, false])
        #expect(answers([{ $0.surrender() }, { $0.beginCompleting() }, ends(.surrendered)]) == [true, false, true])
    }

    @Test("a completion is settled by itself, and one that failed leaves the lease held unless it was stale")
    func completion() {
        let completes: @Sendable (inout Standing) -> Bool = { standing in
            standing.completed()
            return true
        }
        let fails: @Sendable (Bool) -> @Sendable (inout Standing) -> Bool = { stale in
            { standing in
                standing.completionFailed(stale: stale)
                return true
            }
        }
        #expect(answers([{ $0.beginCompleting() }, completes, ends(.completed)]) == [true, true, true])
        #expect(answers([{ $0.beginCompleting() }, fails(false), { $0.beginCompleting() }]) == [true, true, true])
        #expect(answers([{ $0.beginCompleting() }, fails(true), ends(.refuse)]) == [true, true, true])
    }
}
