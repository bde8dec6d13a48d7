import ArgumentParser
import CapacityAPI
import CapacityModel
import Placement

/// How long an order of 1000 takes over HTTP until its reservations are durable.
///
/// Needs a `musterd` on a database that nothing else uses, and the environment of `BenchService` and `BenchDatabase`.
/// The bench itself brings the national fleet in. Windows lie in the coming weeks, so nothing is delivered and no agent
/// is needed.
struct OrderBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "order",
        abstract: "Orders of 1000 over HTTP to durable reservations, one at a time and eight at a time."
    )

    @Option(help: "How many orders, one after the other and again side by side.") var orders = 200
    @Option(help: "Instances an order.") var count = 1_000
    @Option(help: "How many at a time in the second part.") var clients = 8
    @Option(help: "What windows and fleet are drawn from.") var seed: UInt64 = 2

    private static let warmUps = 10

    func validate() throws {
        guard orders > 0, clients > 0, count > 0 else {
            throw ValidationError("--orders, --clients and --count are at least 1")
        }
    }

    func run() async throws {
        let database = try await BenchDatabase.open()
        let results = try await BenchService.with { service in
            try await service.importFleet(FleetSynthesis(seed: seed))
            let bodies = try bodies(after: try await database.now())
            try await wait(for: "the fleet is known to the planner", atMost: .seconds(60)) {
                try await service.quotes(bodies[0])
            }
            return try await measure(service, database, bodies)
        }
        await database.close()
        BenchReport.write("order", results)
    }

    private func measure(
        _ service: BenchService,
        _ database: BenchDatabase,
        _ bodies: [[UInt8]]
    ) async throws -> [BenchResult] {
        var hosts: [Int] = []
        for body in bodies[..<Self.warmUps] {
            let order = try service.decoded(OrderView.self, from: try await service.post("/v1/orders", body))
            hosts.append(order.plan.groups.count)
        }
        let single = try await times(bodies[Self.warmUps..<(Self.warmUps + orders)], clients: 1, service)
        let began = ContinuousClock.now
        let many = try await times(bodies[(Self.warmUps + orders)...], clients: clients, service)
        let rate = Double(orders * count) / (.now - began).inSeconds
        let rows = hosts.reduce(0, +) / hosts.count
        let floor = try await SQLFloor(rows: rows, commits: orders).times(database)
        BenchReport.note("one at a time: \(Self.spread(single)); \(clients) at a time: \(Self.spread(many))")
        BenchReport.note("floor, for orientation: \(rows) bare rows in one statement and commit: \(Self.spread(floor))")
        let p99 = percentile(single, 0.99)
        return [
            BenchResult(key: "order.p99_ms", value: p99, unit: "ms", goal: 250, holds: p99 < 250),
            BenchResult(key: "order8.p99_ms", value: percentile(many, 0.99), unit: "ms"),
            BenchResult(key: "order.instances_per_s", value: rate, unit: "1/s"),
        ]
    }

    private static func spread(_ times: [Double]) -> String {
        "p50 \(percentile(times, 0.5).shown) ms, p99 \(percentile(times, 0.99).shown) ms"
    }

    /// Milliseconds of each order, from the request's first byte to the answer's last.
    private func times(_ bodies: ArraySlice<[UInt8]>, clients: Int, _ service: BenchService) async throws -> [Double] {
        try await withThrowingTaskGroup(of: Double.self) { group in
            var times: [Double] = []
            for (index, body) in bodies.enumerated() {
                if index >= clients, let time = try await group.next() { times.append(time) }
                group.addTask {
                    let began = ContinuousClock.now
                    _ = try await service.post("/v1/orders", body)
                    return (.now - began).inMilliseconds
                }
            }
            for try await time in group { times.append(time) }
            return times
        }
    }

    /// Every order has a size and a window of its own, so that no answer can be kept from the one before.
    private func bodies(after now: Instant) throws -> [[UInt8]] {
        var random = SplitMix64(seed: seed)
        return try (0..<(Self.warmUps + 2 * orders)).map { _ in
            let cores = [1, 2, 4][random.below(3)]
            return try BenchOrder(
                count: count,
                vcpu: Double(cores),
                memoryMiB: Int64(cores * 2_048),
                start: now.wholeSecond + .seconds(86_400 + random.below(28 * 24 * 60) * 60),
                length: .seconds((1 + random.below(12)) * 3_600),
                maxPerSite: 4 + random.below(8)
            ).body()
        }
    }
}

extension Double {
    /// With one digit after the point.
    var shown: String {
        let tenths = Int64((self * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }
}
