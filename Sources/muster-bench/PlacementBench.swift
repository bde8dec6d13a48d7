import CapacityModel
import Placement

/// How long a quote takes in process: a national fleet, ten reservations on every host, 1,000 instances nationwide
/// under three spread rules.
///
/// Each quote asks for another spec and another window of the coming week, so no answer could be kept from the one
/// before.
func placementBench() throws -> [BenchResult] {
    let fleet = PlacementBenchFleet(seed: 2)
    let clock = ContinuousClock()
    var times: [Double] = []
    var placed = 0
    for quote in 0..<(PlacementBenchFleet.warmUps + PlacementBenchFleet.quotes) {
        let demand = fleet.demand(quote)
        let start = clock.now
        let verdict = place(demand, on: fleet.inventory)
        let elapsed = clock.now - start
        guard quote >= PlacementBenchFleet.warmUps else { continue }
        times.append(Double(elapsed.microseconds) / 1_000)
        if case .placed = verdict { placed += 1 }
    }
    times.sort()
    let p99 = times[times.count * 99 / 100]
    return [
        BenchResult(key: "quote.p50_ms", value: times[times.count / 2], unit: "ms"),
        BenchResult(key: "quote.p99_ms", value: p99, unit: "ms", goal: 20, holds: p99 < 20),
        BenchResult(key: "quote.placed_ratio", value: Double(placed) / Double(times.count), unit: "1"),
    ]
}

/// A synthetic national fleet with full calendars, and the orders asked of it.
private struct PlacementBenchFleet {
    static let warmUps = 20
    static let quotes = 500

    let inventory: Inventory
    /// 2026-06-17T00:00:00+08:00.
    private let monday = Instant(secondsSinceEpoch: 1_781_625_600)
    private let seed: UInt64

    init(seed: UInt64) {
        self.seed = seed
        let file = FleetSynthesis(seed: seed).fleet()
        let sites = file.sites.enumerated().map { index, site in
            Site(
                id: SiteID(rawValue: Int64(index + 1)),
                name: site.name,
                province: site.province,
                city: site.city,
                carrier: site.carrier,
                origin: site.origin,
                capabilities: site.capabilities
            )
        }
        let siteIDs = Dictionary(uniqueKeysWithValues: sites.map { ($0.name, $0.id) })
        let hosts = file.hosts.enumerated().compactMap { index, host in
            siteIDs[host.site].map {
                Host(id: HostID(rawValue: Int64(index + 1)), site: $0, name: host.name, allocatable: host.allocatable)
            }
        }
        var random = SplitMix64(seed: seed)
        var reservations: [InventoryReservation] = []
        reservations.reserveCapacity(hosts.count * 10)
        for host in hosts {
            for _ in 0..<10 {
                let start = monday + .seconds(random.below(7 * 24) * 3_600)
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
        inventory = Inventory(version: 1, sites: sites, hosts: hosts, reservations: reservations)
    }

    func demand(_ quote: Int) -> Demand {
        var random = SplitMix64(seed: seed &+ UInt64(quote) &* 1_000_003)
        let cores = [1, 2, 4, 8][random.below(4)]
        let memoryPerCore = [1, 2, 4][random.below(3)]
        let start = monday + .seconds(random.below(7 * 24 * 60) * 60)
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
