import ArgumentParser
import CapacityAPI
import CapacityModel
import Postgres

/// How soon after its window's end everything is gone, when much ends in the same second.
///
/// Needs a `musterd` whose fleet has room for all instances, and an agent with the simulated engine that serves all its
/// sites (`muster-agent --engine simulated --sites all`, started after the fleet was brought in); and the environment
/// of `BenchService` and `BenchDatabase`. Nothing else may order meanwhile.
struct ReleaseBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "10,000 simulated instances of 100 orders ending in the same second."
    )

    @Option(help: "How many orders.") var orders = 100
    @Option(help: "Instances an order.") var count = 100
    @Option(help: "Seconds for making the orders, before all windows open.") var ordering = 45
    @Option(help: "Seconds the windows last; all instances must be ready before they end.") var window = 120

    private static let grace = Duration.seconds(10)
    private static let clients = 4

    func validate() throws {
        guard orders > 0, count > 0, ordering > 0, window > 0 else {
            throw ValidationError("every option is at least 1")
        }
    }

    func run() async throws {
        let database = try await BenchDatabase.open()
        let results = try await BenchService.with { service in
            try await wait(for: "an agent serves every site", atMost: .seconds(60)) {
                let sites = try await service.all(SiteView.self, "/v1/sites", as: .operator)
                return !sites.isEmpty && sites.allSatisfy { $0.agentSeenAt != nil }
            }
            let start = try await database.now().wholeSecond + .seconds(ordering)
            let numbers = try await order(service, from: start)
            return try await measure(Observation(database: database, orders: numbers), window(from: start))
        }
        await database.close()
        BenchReport.write("release", results)
    }

    private func window(from start: CapacityModel.Instant) -> Window {
        Window(start: start, duration: .seconds(window))
    }

    /// Makes all orders and returns their numbers.
    private func order(_ service: BenchService, from start: CapacityModel.Instant) async throws -> [Int64] {
        let body = try BenchOrder(
            count: count, vcpu: 0.05, memoryMiB: 16, start: start, length: .seconds(window), grace: Self.grace
        ).body()
        return try await withThrowingTaskGroup(of: Int64.self) { group in
            var numbers: [Int64] = []
            for index in 0..<orders {
                if index >= Self.clients, let number = try await group.next() { numbers.append(number) }
                group.addTask {
                    let answer = try await service.post("/v1/orders", body)
                    let id = try service.decoded(OrderView.self, from: answer).id
                    guard let number = OrderID(text: id)?.rawValue else {
                        throw BenchFailure("'\(id)' is no order's id")
                    }
                    return number
                }
            }
            for try await number in group { numbers.append(number) }
            return numbers
        }
    }

    private func measure(_ observation: Observation, _ window: Window) async throws -> [BenchResult] {
        let (database, total) = (observation.database, orders * count)
        try await wait(for: "the windows open", atMost: .seconds(ordering + 10)) {
            try await database.now() >= window.start
        }
        try await wait(for: "\(total) instances are ready before their window ends", atMost: .seconds(self.window)) {
            let ready = try await observation.ready()
            BenchReport.note("\(ready) of \(total) ready")
            return ready == total
        }
        try await wait(
            for: "the windows end, and their grace", atMost: .seconds(self.window) + Self.grace + .seconds(10)
        ) {
            try await database.now() >= window.end + Self.grace
        }
        let leaked = try await observation.running()
        try await wait(for: "every stop is confirmed", atMost: .seconds(120)) {
            try await observation.running() == 0
        }
        let lags = try await observation.lags(after: window.end)
        guard lags.count == total else { throw BenchFailure("\(lags.count) of \(total) have an instant of their stop") }
        let early = lags.filter { $0 < 0 }.count
        if early > 0 { BenchReport.note("\(early) stopped before their window's end") }
        let (p99, longest) = (max(0, percentile(lags, 0.99)), max(0, lags.max() ?? 0))
        return [
            BenchResult(key: "release.p99_s", value: p99, unit: "s", goal: 2, holds: p99 < 2),
            BenchResult(key: "release.max_s", value: longest, unit: "s", goal: 4, holds: longest < 4),
            BenchResult(key: "release.leaked", value: Double(leaked), unit: "1", goal: 0, holds: leaked == 0),
        ]
    }
}

/// What the database has recorded of the bench's own orders.
private struct Observation {
    let database: BenchDatabase
    let orders: [Int64]

    func ready() async throws -> Int {
        try await database.count(
            "SELECT count(*) FROM muster.instance WHERE order_id = ANY (\(orders)) AND state = 'ready'"
        )
    }

    /// Instances not confirmed stopped.
    func running() async throws -> Int {
        try await database.count(
            """
            SELECT count(*) FROM muster.instance
             WHERE order_id = ANY (\(orders)) AND state NOT IN ('released', 'failed')
            """
        )
    }

    /// Seconds from `end` to each confirmed stop.
    func lags(after end: CapacityModel.Instant) async throws -> [Double] {
        let end = Postgres.Instant(microsecondsSinceEpoch: end.microsecondsSinceEpoch)
        let rows = try await database.session.rows(
            """
            SELECT extract(epoch FROM stopped_at - \(end))::double precision AS lag
              FROM muster.instance
             WHERE order_id = ANY (\(orders)) AND state = 'released' AND stopped_at IS NOT NULL
            """
        )
        return try rows.map { try $0.decode("lag") }
    }
}
