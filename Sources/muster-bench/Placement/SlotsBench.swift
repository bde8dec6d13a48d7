import CapacityModel
import Placement

/// What a week of mixed orders leaves of large free slots on the national fleet.
///
/// Orders come one after the other and stay where they were put: nothing is known of those to come, and nothing moves.
/// Every hour from the second day on the slots of 32C96G that are free at that instant are counted, and the most that
/// any placing of the very orders running then could have left, put anew every hour (`SlotsBound`).
struct SlotsBench {
    private let sites: [Site]
    private let hosts: [Host]

    /// One large instance.
    static let slot = Resources(vcpuMilli: 32_000, memoryMiB: 96 * 1_024)

    init() {
        (sites, hosts) = FleetSynthesis().fleet().stored()
    }

    func results() -> [BenchResult] {
        let week = run(SlotsOrders(seed: 4), improving: .standard)
        let bound = SlotsBound(hosts: hosts, slot: Self.slot)
        let hours = stride(from: 24, to: 7 * 24, by: 1).map { Instant.benchMonday + .seconds($0 * 3_600) }
        let (left, taken, stranded) = slotsLeft(of: week.reservations, at: hours)
        let most = taken.map { Double(bound.most(taken: $0)) }
        let (ours, ceiling) = (left.reduce(0, +), most.reduce(0, +))
        let vcpus = Double(hosts.reduce(0) { $0 + $1.allocatable.vcpuMilli })
        let load = taken.reduce(0.0) { $0 + Double($1.vcpuMilli) } / vcpus / Double(hours.count)
        let count = Double(hours.count)
        let ratio = ours / ceiling
        // The same week with the first plan of each order.
        let first = slotsLeft(of: run(SlotsOrders(seed: 4), improving: .none).reservations, at: hours)
        let ceilingOfFirst = first.taken.reduce(0) { $0 + Double(bound.most(taken: $1)) }
        return [
            BenchResult(
                key: "slots.vs_bound", value: ratio, unit: "1", goal: 0.95, holds: ratio >= 0.95,
                ours: ours / count, floor: ceiling / count
            ),
            BenchResult(ratio: "slots.vs_bound_unimproved", of: first.left.reduce(0, +), to: ceilingOfFirst),
            BenchResult(key: "slots.empty_fleet", value: Double(bound.most(taken: .zero)), unit: "slots"),
            BenchResult(key: "slots.vcpu_load", value: load, unit: "1"),
            BenchResult(key: "slots.placed_ratio", value: week.placedRatio, unit: "1"),
            BenchResult(key: "slots.rows_per_order", value: week.rowsPerOrder, unit: "rows"),
        ] + stranded.results()
    }

    private struct Week {
        var reservations: [InventoryReservation] = []
        var orders = 0
        var placed = 0

        var placedRatio: Double { Double(placed) / Double(orders) }
        var rowsPerOrder: Double { Double(reservations.count) / Double(placed) }
    }

    private func run(_ orders: SlotsOrders, improving budget: ImprovementBudget) -> Week {
        var inventory = Inventory(version: 1, sites: sites, hosts: hosts, reservations: [])
        var live: [HostID: [InventoryReservation]] = [:]
        var week = Week()
        for order in orders.week(on: sites) {
            week.orders += 1
            guard case .placed(let plan, _) = place(order.demand, on: inventory, improving: budget) else {
                continue
            }
            week.placed += 1
            for group in plan.groups {
                let row = InventoryReservation(
                    id: Int64(week.reservations.count + 1),
                    host: group.host,
                    held: order.demand.held,
                    amounts: order.demand.unit * group.count
                )
                week.reservations.append(row)
                let rows = live[group.host, default: []].filter { $0.held.end > order.at } + [row]
                live[group.host] = rows
                inventory.replaceCalendar(of: group.host, with: rows)
            }
        }
        return week
    }

    /// At each of `instants`: how many slots are free, and what is taken in all; of all of them, what is free and of no use.
    private func slotsLeft(
        of reservations: [InventoryReservation],
        at instants: [Instant]
    ) -> (left: [Double], taken: [Resources], stranded: Stranded) {
        let inventory = Inventory(version: 1, sites: sites, hosts: hosts, reservations: reservations)
        var left: [Double] = []
        var taken: [Resources] = []
        var stranded = Stranded(shapes: SlotsOrders.shapes)
        for instant in instants {
            var (slots, sum) = (0, Resources.zero)
            for host in hosts {
                let free = inventory.free(on: host.id, during: Window(start: instant, duration: .seconds(1)))
                slots += free.fits(Self.slot)
                stranded.add(free)
                sum += host.allocatable
                sum -= free
            }
            left.append(Double(slots))
            taken.append(sum)
        }
        return (left, taken, stranded)
    }
}
