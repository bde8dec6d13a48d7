import Postgres
import Testing

@testable import JobQueue

@Suite struct ShiftBookTests {
    private let claimant = Claimant(name: "w", queues: ["default"], kinds: ["any"], leaseDuration: .seconds(60))
    private let start = ContinuousClock.now

    private func ask(_ book: inout ShiftBook, _ limit: Int, at moment: Duration = .zero) -> Asked? {
        book.ask(limit, for: claimant, at: start + moment).map { Asked(request: $0.request, isSweep: $0.isSweep) }
    }

    private struct Asked {
        let request: ClaimRequest
        let isSweep: Bool
    }

    @Test("a claim begins with what the last one learned, and a sweep learns it anew")
    func learns() throws {
        var book = ShiftBook(slots: 9, lanes: [])
        #expect(ask(&book, 1) == nil, "the limits are not known yet")
        book.throttled = Throttled()
        (book.isCrowded, book.lowestBeat) = (true, 7)
        let sweep = try #require(ask(&book, 1))
        #expect(sweep.isSweep && !sweep.request.isCrowded && sweep.request.lowestBeat == 7)
        book.sweeps.done(from: start, to: start, pause: .seconds(1))
        let next = try #require(ask(&book, 1))
        #expect(!next.isSweep && next.request.isCrowded && next.request.lowestBeat == 7)
    }

    private func lease(_ number: Int64, waited: Duration, hasTenant: Bool) -> Lease {
        let turn = Instant(microsecondsSinceEpoch: number)
        let claim = Claim(
            fence: Fence(jobID: number, revision: 0, leaseEpoch: 1), kind: "any",
            lane: Lane(queue: "default", priority: 0), payload: "1", payloadVersion: 1, attempt: 1, maxAttempts: 1,
            hastenCount: 0, enqueuedAt: turn, turnAt: turn, hasTenant: hasTenant, timeout: nil, trace: nil,
            waited: waited, urgencyAt: turn
        )
        return Lease(claim, duration: .seconds(60))
    }

    @Test(
        "claims begin where the last one ended only in a lane far behind, without tenants and limits, while they are full",
        arguments: [
            (1_001, false, 2, Throttled(), true), (1_000, false, 2, Throttled(), false),
            (1_001, true, 2, Throttled(), false), (1_001, false, 3, Throttled(), false),
            (1_001, false, 2, Throttled(kinds: ["any"]), false),
        ]
    )
    func heads(waited: Int, hasTenant: Bool, limit: Int, throttled: Throttled, follows: Bool) throws {
        var book = ShiftBook(slots: 9, lanes: [])
        book.throttled = throttled
        book.sweeps.done(from: start, to: start, pause: .seconds(1))
        _ = ask(&book, limit)
        let leases = [(1, 9_000), (2, waited)].map { lease($0, waited: .milliseconds($1), hasTenant: hasTenant) }
        book.took(leases, of: limit, at: start)
        let next = try #require(ask(&book, 1, at: .milliseconds(1)))
        let head = [Lane(queue: "default", priority: 0): Instant(microsecondsSinceEpoch: 2)]
        #expect(next.request.floors == (follows ? head : [:]))
    }
}
