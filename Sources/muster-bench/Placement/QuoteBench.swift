import CapacityModel
import FoundationEssentials
import Placement

/// How long a quote takes in process: ten reservations on every host, 1,000 instances nationwide under three spread
/// rules.
///
/// Each quote asks for another spec and another window of the coming week, so no answer could be kept from the one
/// before.
struct QuoteBench {
    private static let warmUps = 20
    private static let quotes = 500

    private let inventory: Inventory
    private let orders: QuoteOrders

    init(siteCount: Int, hostCount: Int, seed: UInt64 = 2) {
        inventory = Inventory(busy: FleetSynthesis(seed: seed, siteCount: siteCount, hostCount: hostCount))
        orders = QuoteOrders(seed: seed)
    }

    /// The national fleet.
    static func national() -> [BenchResult] {
        let (times, placedRatio) = QuoteBench(siteCount: 1_026, hostCount: 20_000).measure()
        let (p50, p99) = (percentile(times, 0.5), percentile(times, 0.99))
        return [
            BenchResult(key: "quote.p50_ms", value: p50, unit: "ms", goal: 3, holds: p50 < 3),
            BenchResult(key: "quote.p99_ms", value: p99, unit: "ms", goal: 10, holds: p99 < 10),
            BenchResult(key: "quote.placed_ratio", value: placedRatio, unit: "1"),
        ]
    }

    /// Ten times as many hosts, with the most memory the process had meanwhile: it must have held nothing before.
    static func large() throws -> [BenchResult] {
        let (times, _) = QuoteBench(siteCount: 2_000, hostCount: 200_000).measure()
        let (p99, memory) = (percentile(times, 0.99), try peakMemoryMiB())
        return [
            BenchResult(key: "quote200k.p50_ms", value: percentile(times, 0.5), unit: "ms"),
            BenchResult(key: "quote200k.p99_ms", value: p99, unit: "ms", goal: 60, holds: p99 < 60),
            BenchResult(key: "quote200k.rss_mib", value: memory, unit: "MiB", goal: 1_536, holds: memory < 1_536),
        ]
    }

    private func measure() -> (times: [Double], placedRatio: Double) {
        let clock = ContinuousClock()
        var times: [Double] = []
        var placed = 0
        for quote in 0..<(Self.warmUps + Self.quotes) {
            let demand = orders.demand(quote)
            let start = clock.now
            let verdict = place(demand, on: inventory)
            let elapsed = clock.now - start
            guard quote >= Self.warmUps else { continue }
            times.append(Double(elapsed.microseconds) / 1_000)
            if case .placed = verdict { placed += 1 }
        }
        return (times, Double(placed) / Double(times.count))
    }

    /// The most physical memory this process ever had.
    private static func peakMemoryMiB() throws -> Double {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kibibytes = line.split(separator: " ").compactMap({ Double($0) }).first
        else { throw BenchFailure("/proc/self/status does not tell the peak of resident memory") }
        return kibibytes / 1_024
    }
}

/// What is asked of the fleet.
private struct QuoteOrders {
    let seed: UInt64

    func demand(_ quote: Int) -> Demand {
        var random = SplitMix64(seed: seed &+ UInt64(quote) &* 1_000_003)
        let cores = [1, 2, 4, 8][random.below(4)]
        let memoryPerCore = [1, 2, 4][random.below(3)]
        let start = Instant.benchMonday + .seconds(random.below(7 * 24 * 60) * 60)
        return Demand(
            count: 1_000,
            unit: Resources(vcpuMilli: Int64(cores) * 1_000, memoryMiB: Int64(cores * memoryPerCore) * 1_024),
            held: Window(start: start, duration: .seconds((1 + random.below(12)) * 3_600)),
            spread: [
                SpreadRule(level: .site, maxPerGroup: 4 + random.below(8)),
                SpreadRule(level: .province, maxShare: 0.15, minGroups: 20),
                SpreadRule(level: .carrier, maxShare: 0.4, minGroups: 3),
            ]
        )
    }
}

extension Inventory {
    /// A synthetic fleet with ten reservations on the calendar of every host.
    fileprivate init(busy synthesis: FleetSynthesis) {
        let (sites, hosts) = synthesis.fleet().stored()
        var random = SplitMix64(seed: synthesis.seed)
        var reservations: [InventoryReservation] = []
        reservations.reserveCapacity(hosts.count * 10)
        for host in hosts {
            for _ in 0..<10 {
                let start = Instant.benchMonday + .seconds(random.below(7 * 24) * 3_600)
                // A twelfth to a sixth of the host each: where all ten meet it is full.
                let share = Int64(6 + random.below(7))
                reservations.append(
                    InventoryReservation(
                        id: Int64(reservations.count + 1),
                        host: host.id,
                        held: Window(start: start, duration: .seconds((1 + random.below(48)) * 3_600)),
                        amounts: Resources(
                            vcpuMilli: host.allocatable.vcpuMilli / share,
                            memoryMiB: host.allocatable.memoryMiB / share
                        )
                    )
                )
            }
        }
        self.init(version: 1, sites: sites, hosts: hosts, reservations: reservations)
    }
}
