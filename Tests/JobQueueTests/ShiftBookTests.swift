import Testing

@testable import JobQueue

@Suite struct ShiftBookTests {
    private let claimant = Claimant(name: "w", queues: ["default"], kinds: ["any"], leaseDuration: .seconds(60))
    private let start = ContinuousClock.now

    @Test("a claim begins with what the last one learned, and a sweep learns it anew")
    func learns() throws {
        var book = ShiftBook(slots: 9)
        #expect(book.ask(1, for: claimant, at: start) == nil, "the limits are not known yet")
        book.throttled = Throttled()
        (book.isCrowded, book.lowestBeat) = (true, 7)
        let sweep = try #require(book.ask(1, for: claimant, at: start))
        #expect(sweep.isSweep && !sweep.request.isCrowded && sweep.request.lowestBeat == 7)
        book.sweeps.done(from: start, to: start, pause: .seconds(1))
        let next = try #require(book.ask(1, for: claimant, at: start))
        #expect(!next.isSweep && next.request.isCrowded && next.request.lowestBeat == 7)
    }
}
