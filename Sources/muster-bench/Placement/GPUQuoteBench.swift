import CapacityModel
import Placement

/// How long a quote of GPUs takes in process: a quarter of the hosts of the national fleet have some, of which about half
/// are taken at some time; 1,000 instances nationwide under two spread rules, half of them shares.
struct GPUQuoteBench {
    private static let warmUps = 20
    private static let quotes = 300

    private let inventory: Inventory

    init(seed: UInt64 = 2) {
        var (sites, hosts) = FleetSynthesis(seed: seed, siteCount: 1_026, hostCount: 20_000).fleet().stored()
        var random = SplitMix64(seed: seed)
        var rows: [InventoryReservation] = []
        for index in hosts.indices where random.below(4) == 0 {
            hosts[index].allocatable.gpuModel = "G2"
            hosts[index].allocatable.gpuCount = Int64([2, 4, 8][random.below(3)])
            for device in 0..<Int(hosts[index].allocatable.gpuCount) where random.below(2) == 0 {
                let start = Instant.benchMonday + .seconds(random.below(7 * 24) * 3_600)
                rows.append(
                    InventoryReservation(
                        id: Int64(rows.count + 1), host: hosts[index].id,
                        held: Window(start: start, duration: .seconds((1 + random.below(48)) * 3_600)),
                        amounts: Self.unit(&random, most: 1), devices: [device]))
            }
        }
        inventory = Inventory(version: 1, sites: sites, hosts: hosts, reservations: rows)
    }

    func results() -> [BenchResult] {
        var times: [Double] = []
        var placed = 0
        for quote in 0..<(Self.warmUps + Self.quotes) {
            let demand = demand(quote)
            let start = ContinuousClock.now
            let verdict = place(demand, on: inventory)
            let elapsed = ContinuousClock.now - start
            guard quote >= Self.warmUps else { continue }
            times.append(Double(elapsed.microseconds) / 1_000)
            if case .placed(_, missing: 0) = verdict { placed += 1 }
        }
        let (p50, p99) = (percentile(times, 0.5), percentile(times, 0.99))
        return [
            BenchResult(key: "gpuquote.p50_ms", value: p50, unit: "ms"),
            BenchResult(key: "gpuquote.p99_ms", value: p99, unit: "ms", goal: 30, holds: p99 < 30),
            BenchResult(key: "gpuquote.placed_ratio", value: Double(placed) / Double(times.count), unit: "1"),
        ]
    }

    private func demand(_ quote: Int) -> Demand {
        var random = SplitMix64(seed: 5 &+ UInt64(quote) &* 1_000_003)
        let start = Instant.benchMonday + .seconds(random.below(7 * 24 * 60) * 60)
        return Demand(
            count: 1_000, unit: Self.unit(&random, most: 2),
            held: Window(start: start, duration: .seconds((1 + random.below(12)) * 3_600)),
            spread: [
                SpreadRule(level: .site, maxPerGroup: 4 + random.below(8)),
                SpreadRule(level: .province, maxShare: 0.15, minGroups: 20),
            ]
        )
    }

    /// A share of a device, or as often one to `most` whole ones.
    private static func unit(_ random: inout SplitMix64, most: Int) -> Resources {
        var unit = Resources(vcpuMilli: 2_000, memoryMiB: 8_192, gpuModel: "G2")
        if random.below(2) == 0 {
            unit.gpuShareMilli = [250, 300, 500, 700][random.below(4)]
        } else {
            unit.gpuCount = Int64(1 + random.below(most))
        }
        return unit
    }
}
