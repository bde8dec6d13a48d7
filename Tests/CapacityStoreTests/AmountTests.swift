import CapacityModel
import CapacityStore
import Metering
import Postgres
import TestSupport
import Testing

@Suite("Quote and bill round alike", .freshDatabase, .timeLimit(.minutes(5)))
struct AmountTests {
    @Test("the amount of a line is the same in SQL and in Swift, for any quantity and rate")
    func amounts() async throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        var random = Lottery(state: seed)
        let samples = (0..<2_000).map { _ in
            (
                seconds: Int64(random.next(below: 1 << 30)) << random.next(below: 15),
                rate: Int64(random.next(below: 1 << 22))
            )
        }
        let rows = try await FreshDatabase.current.pool.rows(
            """
            SELECT muster.amount_micro(s.seconds, s.rate) AS amount
              FROM unnest(\(samples.map(\.seconds)), \(samples.map(\.rate))) WITH ORDINALITY AS s (seconds, rate, position)
             ORDER BY s.position
            """
        )
        for (row, sample) in zip(rows, samples) {
            let line = PriceLine(
                area: .east, count: 1, instanceSeconds: sample.seconds, instanceHourMicro: sample.rate)
            #expect(try row.decode("amount", as: Int64.self) == line.amountMicro, "seed \(seed): \(sample)")
        }
    }
}
