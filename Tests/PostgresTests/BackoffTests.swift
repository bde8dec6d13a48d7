import Testing

@testable import Postgres

@Suite struct BackoffTests {
    @Test("pauses grow to the limit, and each lies within its half")
    func growth() {
        var backoff = Backoff(first: .milliseconds(10), limit: .milliseconds(35))
        var generator = SystemRandomNumberGenerator()
        for expected in [10, 20, 35, 35] {
            let pause = backoff.next(using: &generator)
            #expect(pause <= .milliseconds(expected) && pause >= .milliseconds(expected) / 2)
        }
        backoff.reset()
        #expect(backoff.next(using: &generator) <= .milliseconds(10))
    }
}
