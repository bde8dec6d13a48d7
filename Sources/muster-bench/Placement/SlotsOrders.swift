import CapacityModel
import Placement

/// A week of orders as customers mix them: many small instances, few large, some for now and some for later, in
/// scopes from one carrier of a province to the whole country.
struct SlotsOrders {
    /// An order and when it comes.
    struct Arrival {
        var at: Instant
        var demand: Demand
    }

    let seed: UInt64

    /// At this rate a bit more than half of the national fleet's cores are taken once the first day is over.
    private static let perHour = 60
    /// The dice are percentages.
    private static let units: [(below: Int, cores: Int, memoryGiB: Int)] = [
        (45, 1, 2), (60, 2, 4), (70, 2, 8), (80, 4, 8), (88, 4, 16), (94, 8, 16), (98, 8, 32), (100, 16, 48),
    ]
    /// The shapes of instances that are asked for.
    static let shapes = units.map { unit in
        Resources(vcpuMilli: Int64(unit.cores) * 1_000, memoryMiB: Int64(unit.memoryGiB) * 1_024)
    }

    private static let hours: [(below: Int, hours: Int)] = [(15, 2), (40, 4), (65, 12), (90, 24), (100, 72)]
    private static let counts: [(below: Int, count: Int)] = [
        (30, 50), (60, 200), (85, 500), (95, 1_000), (100, 3_000),
    ]

    func week(on sites: [Site]) -> [Arrival] {
        var random = SplitMix64(seed: seed)
        return (0..<(7 * 24 * Self.perHour)).map { index in
            let at = Instant.benchMonday + .seconds(index * 3_600 / Self.perHour)
            return Arrival(at: at, demand: demand(at: at, on: sites, &random))
        }
    }

    private func demand(at instant: Instant, on sites: [Site], _ random: inout SplitMix64) -> Demand {
        let unit = Self.pick(Self.units, random.below(100)) { $0.below }
        let base = Self.pick(Self.counts, random.below(100)) { $0.below }.count
        let hours = Self.pick(Self.hours, random.below(100)) { $0.below }.hours
        // Half begin at once, half within a day; windows end on a quarter of an hour.
        let delay = random.below(2) == 0 ? 0 : random.below(24 * 4) * 900
        let count = max(1, (base / 2 + random.below(base)) / max(1, unit.cores / 2))
        let site = sites[random.below(sites.count)]
        return Demand(
            count: count,
            unit: Resources(vcpuMilli: Int64(unit.cores) * 1_000, memoryMiB: Int64(unit.memoryGiB) * 1_024),
            scope: scope(around: site, random.below(100)),
            held: Window(start: instant + .seconds(delay), duration: .seconds(hours * 3_600)),
            spread: spread(of: count, random.below(100))
        )
    }

    private func scope(around site: Site, _ die: Int) -> Scope {
        switch die {
        case ..<45: .nationwide
        case ..<60: Scope(include: [Scope.Selector(area: site.area)])
        case ..<80: Scope(include: [Scope.Selector(province: site.province)])
        case ..<90: Scope(include: [Scope.Selector(carrier: site.carrier)])
        default: Scope(include: [Scope.Selector(province: site.province, carrier: site.carrier)])
        }
    }

    private func spread(of count: Int, _ die: Int) -> [SpreadRule] {
        switch die {
        case ..<40: []
        case ..<65: [SpreadRule(level: .site, maxShare: 0.1, whenUnsatisfiable: .relax)]
        case ..<85: [SpreadRule(level: .site, maxPerGroup: 32, whenUnsatisfiable: .relax)]
        default:
            [
                SpreadRule(level: .site, maxPerGroup: max(8, count / 50), whenUnsatisfiable: .relax),
                SpreadRule(level: .province, maxShare: 0.2, minGroups: 8, whenUnsatisfiable: .relax),
                SpreadRule(level: .carrier, minGroups: 2, whenUnsatisfiable: .relax),
            ]
        }
    }

    private static func pick<Entry>(_ table: [Entry], _ die: Int, _ below: (Entry) -> Int) -> Entry {
        table.first { die < below($0) } ?? table[table.count - 1]
    }
}
