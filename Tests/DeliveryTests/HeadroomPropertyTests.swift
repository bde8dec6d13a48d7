import CapacityModel
import CapacityStore
import Delivery
import Placement
import Postgres
import TestSupport
import Testing

/// Random headrooms over random reservations of three classes: planner, database and an oracle that looks at every second of
/// every host must agree on how many more fit.
@Suite("Headroom, by planner, database and oracle", .freshDatabase, .timeLimit(.minutes(10)))
struct HeadroomPropertyTests {
    private static let classes = ["gold", "platinum", "standard"].map { TenantClass(rawValue: $0) }
    private static let seconds: Int64 = 12

    @Test("what the planner places always commits alone, one more never does, and as many are placed as fit")
    func agreed() async throws {
        let arena = try await Arena.open()
        var blind = 0
        for seed in UInt64(1)...40 {
            var random = SplitMix64(seed: seed)
            try await arena.reset()
            // Some come before there is a headroom, and are in its way.
            let headrooms = try await arena.draw(&random)
            for (site, size, tenantClass) in headrooms {
                _ = try await arena.shop.fleet.set(
                    Headroom(site: site, tenantClass: tenantClass, size: size, reason: "a test"))
            }
            for _ in 0..<8 { _ = try await arena.takes(.random(&random), commits: true) }
            let planner = Planner(store: arena.shop.store)
            for _ in 0..<6 {
                let asked = Taking.random(&random)
                let oracle = try await arena.oracle()
                let picture = try await planner.current().seen(by: Self.classes[asked.tenant])
                let demand = Demand(count: 1_000, leastAcceptable: 0, unit: asked.unit, held: asked.window)
                var groups: [Plan.Group] = []
                if case .placed(let plan, _) = place(demand, on: picture.inventory) { groups = plan.groups }
                for host in arena.hosts {
                    let fits = oracle.fits(asked, on: host)
                    let placed = groups.filter { $0.host == host }.reduce(0) { $0 + $1.count }
                    #expect(placed == fits, "seed \(seed): \(asked) on \(host)")
                    if asked.unit.gpuUse == nil {
                        var one = asked
                        (one.host, one.count) = (host, fits + 1)
                        #expect(try await !arena.takes(one, commits: false), "seed \(seed): \(one)")
                    }
                }
                // A planner that knows nothing of it takes more somewhere, and is refused.
                if case .placed(let plan, _) = place(demand, on: picture.inventory.seen(by: nil)),
                    arena.hosts.contains(where: { host in
                        plan.groups.filter { $0.host == host }.reduce(0) { $0 + $1.count }
                            > oracle.fits(asked, on: host)
                    })
                {
                    blind += 1
                    let all = Taking(asked, groups: plan.groups)
                    #expect(try await !arena.takes(all, commits: false), "seed \(seed): \(all)")
                }
                guard !groups.isEmpty else { continue }
                let all = Taking(asked, groups: groups)
                #expect(try await arena.takes(all, commits: false), "seed \(seed): \(all)")
            }
        }
        #expect(blind > 20, "headroom was in the way often enough")
    }

    /// Rows that a tenant takes: of one host, or of a plan.
    struct Taking {
        var tenant: Int
        var unit: Resources
        var count: Int
        var host: HostID?
        var hostIndex: Int
        var from: Int64
        var until: Int64
        var devices: [Int] = []
        var groups: [Plan.Group] = []

        var window: Window {
            Window(start: Shop.opening + .seconds(from), end: Shop.opening + .seconds(until))
        }

        init(tenant: Int, unit: Resources, count: Int, hostIndex: Int, from: Int64, until: Int64) {
            (self.tenant, self.unit, self.count, self.hostIndex) = (tenant, unit, count, hostIndex)
            (self.from, self.until) = (from, until)
        }

        init(_ other: Taking, groups: [Plan.Group]) {
            self = other
            self.groups = groups
        }

        static func random(_ random: inout SplitMix64) -> Taking {
            let from = Int64.random(in: 0..<(seconds - 1), using: &random)
            var unit = Resources(
                vcpuMilli: [500, 1_000, 2_000].randomElement(using: &random) ?? 0,
                memoryMiB: [0, 1_024, 3_072].randomElement(using: &random) ?? 0)
            var taking = Taking(
                tenant: .random(in: 0..<classes.count, using: &random), unit: unit,
                count: .random(in: 1...6, using: &random), hostIndex: .random(in: 0..<3, using: &random), from: from,
                until: .random(in: (from + 1)...seconds, using: &random))
            if Int.random(in: 0..<3, using: &random) == 0 {
                unit.gpuModel = "G2"
                if Bool.random(using: &random) { unit.gpuShareMilli = 400 } else { unit.gpuCount = 1 }
                (taking.unit, taking.count) = (unit, 1)
                taking.devices = [.random(in: 0..<3, using: &random)]
            }
            return taking
        }
    }
}

/// One site of three hosts, a tenant of each class, and rows written past every planner.
private struct Arena {
    let shop: Shop
    let hosts: [HostID]
    /// An order of each class's tenant.
    let orders: [OrderID]

    static let host = Resources(vcpuMilli: 8_000, memoryMiB: 12_288, gpuModel: "G2", gpuCount: 3)

    static func open() async throws -> Arena {
        let shop = try await Shop.open(sites: 1, hosts: 1)
        _ = try await shop.store.importFleet(
            sites: [
                NewSite(name: "s", province: "31", city: "3101", carrier: .telecom, origin: "self", capabilities: [])
            ],
            hosts: (1...3).map { NewHost(site: "s", name: "s-h\($0)", allocatable: host) })
        // The shop's own host is too small to be in the way.
        try await shop.pool.execute(
            """
            UPDATE muster.host SET vcpu_milli = 0, memory_mib = 0, disk_gib = 0, bandwidth_mbps = 0 WHERE name NOT LIKE 's-%'
            """
        )
        var orders: [OrderID] = []
        for name in ["gold", "platinum", "standard"] {
            let id = try await shop.store.transaction { session in
                let tenant = try session.rows(
                    "INSERT INTO muster.tenant (name, class) VALUES (\(name), \(name)) RETURNING tenant_id")[0]
                let request = Shop.request(100_000, start: 0)
                return try Store.insert(
                    NewOrder(
                        tenant: TenantID(rawValue: try tenant.decode("tenant_id", as: Int64.self)), request: request,
                        window: request.timing.window(at: Shop.opening), plan: Plan(groups: []), rates: [],
                        idempotency: nil),
                    in: session)
            }
            orders.append(id)
        }
        let hosts = try await shop.store.fleetSnapshot().hosts.filter { $0.name.hasPrefix("s-") }.map(\.id).sorted()
        return Arena(shop: shop, hosts: hosts, orders: orders)
    }

    func reset() async throws {
        try await shop.pool.execute("DELETE FROM muster.reservation")
        try await shop.pool.execute("DELETE FROM muster.headroom")
    }

    /// Writes what is there before any headroom, and says which there shall be.
    func draw(
        _ random: inout SplitMix64
    ) async throws -> [(site: String, size: Headroom.Size, tenantClass: TenantClass)] {
        for _ in 0..<Int.random(in: 0...8, using: &random) {
            _ = try await takes(.random(&random), commits: true)
        }
        var headrooms: [(String, Headroom.Size, TenantClass)] = []
        for name in ["gold", "nobody", "platinum", "standard"] where Bool.random(using: &random) {
            let size: Headroom.Size =
                Bool.random(using: &random)
                ? .share(permille: .random(in: 50...400, using: &random))
                : .amounts(
                    Resources(
                        vcpuMilli: .random(in: 1...9_000, using: &random),
                        memoryMiB: .random(in: 0...9_000, using: &random), gpuModel: "G2",
                        gpuCount: .random(in: 1...3, using: &random)))
            headrooms.append(("s", size, TenantClass(rawValue: name)))
        }
        return headrooms
    }

    private struct Undone: Error {}

    /// Whether the database takes it.
    func takes(_ taking: HeadroomPropertyTests.Taking, commits: Bool) async throws -> Bool {
        let host = taking.host ?? hosts[taking.hostIndex]
        let groups =
            taking.groups.isEmpty
            ? [Plan.Group(host: host, site: SiteID(rawValue: 1), count: taking.count, devices: taking.devices)]
            : taking.groups
        let (unit, window, order) = (taking.unit, taking.window, orders[taking.tenant].rawValue)
        let devices: [String?] = groups.map { group in
            group.devices.isEmpty ? nil : "{" + group.devices.map { "\($0)" }.joined(separator: ",") + "}"
        }
        do {
            _ = try await shop.pool.transaction { session in
                try session.execute(
                    """
                    INSERT INTO muster.reservation
                        (order_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib, disk_gib,
                         bandwidth_mbps, gpu_model, gpu_count, gpu_share_milli, gpu_devices)
                    SELECT \(order), g.host_id, tstzrange(\(window.start.postgres), \(window.end.postgres)), g.count, g.count,
                           \(unit.vcpuMilli), \(unit.memoryMiB), 0, 0, \(unit.gpuModel)::text, \(unit.gpuCount),
                           \(unit.gpuShareMilli), g.devices::smallint[]
                      FROM unnest(\(groups.map(\.host.rawValue)), \(groups.map(\.count)), \(devices))
                           AS g (host_id, count, devices)
                    """
                )
                if !commits { throw Undone() }
            }
            return true
        } catch is Undone {
            return true
        } catch {
            guard case .oversold = StoreError(error) else { throw error }
            return false
        }
    }

    func oracle() async throws -> Oracle {
        let snapshot = try await shop.store.fleetSnapshot()
        return Oracle(rows: snapshot.ledger, headrooms: snapshot.headrooms)
    }
}

/// Says how many fit by trying one more and one more, second by second.
private struct Oracle {
    let rows: [LedgerRow]
    let headrooms: [HostHeadroom]

    func fits(_ asked: HeadroomPropertyTests.Taking, on host: HostID) -> Int {
        let tenantClass = TenantClass(rawValue: ["gold", "platinum", "standard"][asked.tenant])
        let headrooms = headrooms.filter { $0.host == host }
        func there(_ second: Int64) -> [LedgerRow] {
            rows.filter { $0.host == host && $0.held.contains(Shop.opening + .seconds(second)) }
        }
        func isAllowed(_ count: Int) -> Bool {
            (asked.from..<asked.until).allSatisfy { second in
                let rows = there(second)
                return [\Resources.vcpuMilli, \.memoryMiB].allSatisfy { amount in
                    let all = rows.reduce(0) { $0 + $1.amounts[keyPath: amount] }
                    let more = asked.unit[keyPath: amount] * Int64(count)
                    guard more > 0 else { return true }
                    guard all + more <= Arena.host[keyPath: amount] else { return false }
                    func spokenFor(_ extra: Int64) -> Int64 {
                        var sum = all + extra
                        for headroom in headrooms {
                            var used = rows.filter { $0.tenantClass == headroom.tenantClass }
                                .reduce(0) { $0 + $1.amounts[keyPath: amount] }
                            if headroom.tenantClass == tenantClass { used += extra }
                            sum += max(0, headroom.amounts[keyPath: amount] - used)
                        }
                        return sum
                    }
                    return spokenFor(more) <= max(Arena.host[keyPath: amount], spokenFor(0))
                }
            }
        }
        var count = 0
        while isAllowed(count + 1) { count += 1 }
        guard let use = asked.unit.gpuUse else { return count }
        let room = (0..<3).reduce(0) { room, device in
            let isKept = headrooms.contains { $0.tenantClass != tenantClass && $0.devices.contains(device) }
            let taken =
                (asked.from..<asked.until).map { second in
                    there(second).filter { $0.devices.contains(device) }
                        .reduce(0) { $0 + ($1.amounts.gpuShareMilli > 0 ? $1.amounts.gpuShareMilli : 1_000) }
                }.max() ?? 0
            guard !isKept else { return room }
            switch use {
            case .whole: return room + (taken == 0 ? 1 : 0)
            case .share(let milli): return room + Int((1_000 - taken) / milli)
            }
        }
        return min(count, room)
    }
}
