import CapacityModel
import CapacityStore
import Delivery
import Placement
import Postgres

/// Sustained orders of 100 through four planners on one database, against the same rows written by bare SQL.
///
/// Every order is a desk's whole work: the picture, the plan, the commit, and what the customer is answered. Conflicts
/// are the desk's to retry; one that ends in an error is lost.
struct OrdersBench {
    let arena: BenchArena
    var rounds = 5
    var planners = 4
    /// How many customers each planner has at a time.
    var customers = 16
    var warmUp = Duration.seconds(2)
    var measured = Duration.seconds(8)
    private static let count = 100

    func results() async throws -> [BenchResult] {
        try await arena.template("fleet") { database in
            try await LedgerGround.fill(database, with: FleetSynthesis(seed: 2))
        }
        var duel = Duel("orders.ratio")
        // One round beforehand says on how many hosts an order is, so that the floor writes as many rows from its first round on.
        var tally = try await orders()
        for _ in 0..<rounds {
            try await duel.add {
                let round = try await orders()
                tally.add(round)
                return Double(round.placed * Self.count) / measured.inSeconds
            } floor: {
                try await bare(hostsPerOrder: tally.hostsPerOrder) * Double(Self.count)
            }
        }
        BenchReport.note("\(tally)")
        let ratio = duel.result(atLeast: 0.5)
        let rate = ratio.ours ?? 0
        return [
            BenchResult(key: "orders.instances_per_s", value: rate, unit: "1/s", goal: 20_000, holds: rate >= 20_000),
            ratio,
            BenchResult(key: "orders.lost", value: Double(tally.lost), unit: "orders", goal: 0, holds: tally.lost == 0),
        ]
    }

    /// What came of the orders answered while it was measured.
    private func orders() async throws -> OrderTally {
        try await arena.withDatabase(from: "fleet") { database in
            let grounds = try await (0..<planners).asyncMap { _ in
                try await LedgerGround.open(database, size: customers + 2)
            }
            let began = ContinuousClock.now
            let (from, until) = (began + warmUp, began + warmUp + measured)
            var tally = try await withThrowingTaskGroup(of: OrderTally.self) { group in
                for (number, ground) in grounds.enumerated() {
                    let desk = ground.desk()
                    for customer in 0..<customers {
                        let seed = UInt64(1 + number * customers + customer)
                        group.addTask { try await Self.order(at: desk, ground, seed: seed, from: from, until: until) }
                    }
                }
                // What autovacuum does within a minute; a round is over before.
                try await Task.sleep(until: from - warmUp / 2)
                try await grounds[0].pool.withSession { session in try await session.script(unchecked: "ANALYZE") }
                return try await group.reduce(into: OrderTally()) { $0.add($1) }
            }
            let oversold = try await grounds[0].pool.rows("SELECT 1 FROM report.oversold").count
            guard oversold == 0 else { throw BenchFailure("\(oversold) hosts are oversold") }
            let rows = try await grounds[0].pool.rows(
                "SELECT count(*), count(DISTINCT order_id) FROM muster.reservation")[0]
            tally.hostsPerOrder = max(1, try rows.decode(0, as: Int.self) / max(1, try rows.decode(1, as: Int.self)))
            for ground in grounds { await ground.pool.shutdown() }
            return tally
        }
    }

    /// Orders one after the other until it is over.
    private static func order(
        at desk: OrderDesk, _ ground: LedgerGround, seed: UInt64, from: ContinuousClock.Instant,
        until: ContinuousClock.Instant
    ) async throws -> OrderTally {
        var random = SplitMix64(seed: seed)
        var tally = OrderTally()
        let now = try await ground.store.now().wholeSecond
        var number = 0
        while ContinuousClock.now < until {
            number += 1
            let start = now + .seconds(86_400 + random.below(28 * 24 * 60) * 60)
            let request = LedgerGround.request(
                count, vcpuMilli: Int64([1, 2, 4][random.below(3)]) * 1_000,
                in: Window(start: start, duration: .seconds((1 + random.below(12)) * 3_600)),
                spread: [SpreadRule(level: .site, maxPerGroup: 10)]
            )
            let key = Idempotency(key: "\(seed)-\(number)", bodyHash: [UInt8](repeating: 0, count: 32))
            do {
                let outcome = try await desk.order(request, quoteID: nil, tenant: ground.tenant, idempotency: key)
                guard ContinuousClock.now >= from, ContinuousClock.now < until else { continue }
                if case .accepted = outcome { tally.placed += 1 } else { tally.refused += 1 }
            } catch {
                tally.lost += 1
                BenchReport.note("lost: \(error)")
            }
        }
        return tally
    }

    /// Orders a second of as many sessions that know where to write and check nothing.
    private func bare(hostsPerOrder: Int) async throws -> Double {
        try await arena.withDatabase(from: "fleet") { database in
            try await database.withSession { session in try await TwinLedger.create(in: session) }
            let began = ContinuousClock.now
            let (from, until) = (began + warmUp, began + warmUp + measured)
            let writers = planners * customers
            let done = try await withThrowingTaskGroup(of: Int.self) { group in
                for writer in 0..<writers {
                    group.addTask {
                        try await database.withSession { session in
                            var writer = BareWriter(seed: UInt64(writer + 1), count: Self.count, hosts: hostsPerOrder)
                            return try await writer.run(on: session, from: from, until: until)
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            return Double(done) / measured.inSeconds
        }
    }
}

/// What came of some orders.
struct OrderTally: CustomStringConvertible {
    var placed = 0
    var refused = 0
    var lost = 0
    var hostsPerOrder = 1

    mutating func add(_ other: OrderTally) {
        placed += other.placed
        refused += other.refused
        lost += other.lost
        hostsPerOrder = other.hostsPerOrder
    }

    var description: String { "\(placed) placed on \(hostsPerOrder) hosts each, \(refused) refused, \(lost) lost" }
}

extension Sequence {
    /// One after the other.
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
