import CapacityModel
import CapacityStore
import Postgres
import TestSupport
import Testing

@Suite("What is protected for a class is kept from all others by the database", .freshDatabase, .timeLimit(.minutes(5)))
struct HeadroomTests {
    private static let platinum = TenantClass(rawValue: "platinum")
    private static let gold = TenantClass(rawValue: "gold")

    @Test("others take what is left, at every instant; the class takes all, its own part and what is free")
    func protected() async throws {
        let standard = try await Ledger.open(hosts: 1)
        let platinum = try await standard.tenant("p", of: Self.platinum)
        #expect(try await standard.protect(.cores(4), for: Self.platinum) == .set)
        #expect(try await !standard.takes(7, on: 0, from: 0, to: 10))
        #expect(try await standard.takes(6, on: 0, from: 0, to: 10))
        #expect(try await !standard.takes(1, on: 0, from: 9, to: 20), "at one instant there would be none left")
        #expect(try await standard.takes(6, on: 0, from: 10, to: 20))
        #expect(try await platinum.takes(4, on: 0, from: 0, to: 20))
        #expect(try await !platinum.takes(1, on: 0, from: 0, to: 20), "the host is full")
        #expect(try await platinum.takes(10, on: 0, from: 20, to: 30), "it is not confined to its part")
        #expect(try await !standard.takes(1, on: 0, from: 15, to: 25))
    }

    @Test("what the class uses beyond its part leaves the rest to all; what it leaves unused is not for them")
    func used() async throws {
        let standard = try await Ledger.open(hosts: 1)
        let platinum = try await standard.tenant("p", of: Self.platinum)
        try await standard.protect(.cores(4), for: Self.platinum)
        #expect(try await platinum.takes(3, on: 0, from: 0, to: 10))
        #expect(try await !standard.takes(7, on: 0, from: 0, to: 10))
        #expect(try await platinum.takes(3, on: 0, from: 0, to: 10))
        #expect(try await standard.takes(4, on: 0, from: 0, to: 10))
    }

    @Test("several classes each keep theirs, and what is protected for nobody nobody takes")
    func classes() async throws {
        let standard = try await Ledger.open(hosts: 1)
        let platinum = try await standard.tenant("p", of: Self.platinum)
        let gold = try await standard.tenant("g", of: Self.gold)
        try await standard.protect(.share(permille: 300), for: Self.platinum)
        try await standard.protect(.cores(2), for: Self.gold)
        try await standard.protect(.cores(1), for: .nobody)
        #expect(try await !standard.takes(5, on: 0, from: 0, to: 10))
        #expect(try await gold.takes(6, on: 0, from: 0, to: 10), "two of its own and the four that are nobody's")
        #expect(try await !gold.takes(1, on: 0, from: 0, to: 10))
        #expect(try await platinum.takes(3, on: 0, from: 0, to: 10))
        #expect(try await !platinum.takes(1, on: 0, from: 0, to: 10))
        #expect(try await standard.protect(.share(permille: 700), for: Self.platinum) == .set)
        #expect(
            try await standard.protect(.share(permille: 701), for: Self.platinum)
                == .tooLarge(resource: "vcpu_milli", wanted: 10_010, allocatable: 10_000))
    }

    @Test("who was there first stays, shrinks and ends, takes no more, and what ends is protected from then on")
    func draining() async throws {
        let standard = try await Ledger.open(hosts: 1)
        let platinum = try await standard.tenant("p", of: Self.platinum)
        try await standard.take(9, on: 0, from: 0, to: 100)
        try await standard.protect(.cores(4), for: Self.platinum)
        #expect(try await !standard.takes(1, on: 0, from: 0, to: 10))
        #expect(try await standard.takes(6, on: 0, from: 200, to: 210))
        #expect(try await platinum.takes(1, on: 0, from: 0, to: 10), "what is free is for the class")
        #expect(try await !standard.allows("held = tstzrange(lower(held), upper(held) + interval '50 seconds')"))
        #expect(try await standard.allows("live_count = live_count - 1"))
        #expect(try await !standard.allows("live_count = live_count + 1"), "what it gave up is protected now")
        #expect(try await standard.allows("held = tstzrange(lower(held), upper(held) - interval '1 second')"))
        #expect(try await standard.allows("live_count = 0, released_at = muster.now()"))
        #expect(try await !standard.takes(7, on: 0, from: 0, to: 10))
        #expect(try await standard.takes(6, on: 0, from: 0, to: 10))
    }

    @Test("a resource that is not protected, or not asked for, keeps nobody out")
    func resources() async throws {
        let standard = try await Ledger.open(hosts: 1)
        try await standard.take(8, on: 0, from: 0, to: 10)
        try await standard.protect(.amounts(Resources(vcpuMilli: 0, memoryMiB: 0, diskGiB: 100)), for: Self.platinum)
        #expect(try await standard.takes(2, on: 0, from: 0, to: 10), "it takes no disk")
        try await standard.protect(.cores(5), for: Self.platinum)
        let order = standard.order.rawValue
        let host = standard.hosts[0].rawValue
        _ = try await standard.store.pool.execute(
            """
            INSERT INTO muster.reservation (order_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib,
                                            disk_gib, bandwidth_mbps, gpu_count)
            VALUES (\(order), \(host), tstzrange(\(Ledger.epoch.postgres), \((Ledger.epoch + .seconds(5)).postgres)), 1, 1,
                    0, 0, 1, 0, 0)
            """)
    }

    @Test("whole GPUs are protected, the last of each host's; who is on one stays there, and nobody else comes")
    func devices() async throws {
        let standard = try await Ledger.open(hosts: 2, gpus: 3)
        let platinum = try await standard.tenant("p", of: Self.platinum)
        #expect(try await standard.takes(Taking(devices: [2], share: 400), from: 0, to: 10))
        try await standard.protect(
            .amounts(Resources(vcpuMilli: 0, memoryMiB: 0, gpuModel: "G2", gpuCount: 3)), for: Self.platinum)
        #expect(try await standard.parts(of: Self.platinum).map(\.devices) == [2..<3, 1..<3])
        #expect(try await !standard.takes(Taking(devices: [2], share: 400), from: 0, to: 10))
        #expect(try await !standard.takes(Taking(devices: [1, 2]), from: 20, to: 30))
        #expect(try await !standard.takes(Taking(devices: [1], host: 1), from: 20, to: 30))
        #expect(try await standard.takes(Taking(devices: [0, 1]), from: 0, to: 10))
        #expect(try await platinum.takes(Taking(devices: [2], share: 600), from: 0, to: 10))
        #expect(try await platinum.takes(Taking(devices: [0, 1, 2], host: 1), from: 0, to: 10))
        #expect(try await !standard.allows("held = tstzrange(lower(held), upper(held) + interval '1 second')"))
        #expect(try await standard.allows("held = tstzrange(lower(held), upper(held) - interval '1 second')"))
        #expect(
            try await standard.protect(
                .amounts(Resources(vcpuMilli: 0, memoryMiB: 0, gpuModel: "G9", gpuCount: 1)), for: Self.gold)
                == .tooLarge(resource: "gpu_count", wanted: 1, allocatable: 0))
    }

    @Test("the parts of hosts add up to the whole, and are drawn anew when hosts come and change")
    func apportioned() async throws {
        let sizes: [Int64] = [7_000, 11_000, 3_000]
        let ledger = try await Ledger.open(sizes.map { Resources(vcpuMilli: $0, memoryMiB: 1_000) })
        func cores() async throws -> [Int64] { try await ledger.parts(of: Self.platinum).map(\.amounts.vcpuMilli) }
        try await ledger.protect(.cores(10), for: Self.platinum)
        #expect(try await cores() == [3_333, 5_238, 1_429])
        let version = try await ledger.store.fleetSnapshot().version
        _ = try await ledger.store.importFleet(
            sites: [],
            hosts: [
                NewHost(site: Ledger.siteName, name: "h1", allocatable: Resources(vcpuMilli: 3_000, memoryMiB: 1_000)),
                NewHost(site: Ledger.siteName, name: "h4", allocatable: Resources(vcpuMilli: 3_000, memoryMiB: 1_000)),
            ])
        #expect(try await cores() == [1_500, 5_500, 1_500, 1_500])
        try await ledger.protect(.share(permille: 500), for: Self.platinum)
        #expect(try await cores() == [1_500, 5_500, 1_500, 1_500])
        #expect(try await ledger.store.fleetSnapshot().version > version, "planners read anew")
        _ = try await ledger.store.set(
            SiteTermsChange(vcpuOversellPermille: 2_000, system: nil), ofSite: Ledger.siteName)
        #expect(try await cores() == [3_000, 11_000, 3_000, 3_000])
        #expect(
            try await ledger.store.transaction { session in
                try Store.removeHeadroom(for: Self.platinum, at: Ledger.siteName, in: session)
            })
        #expect(try await cores().isEmpty)
    }

    @Test("an order takes over what its tenant's hold had there before, and nothing more", arguments: [3, 4])
    func drawn(count: Int) async throws {
        let ledger = try await Ledger.open(hosts: 1)
        let unit = Resources(vcpuMilli: 1_000, memoryMiB: 1_024)
        let window = Window(start: Ledger.epoch, duration: .seconds(100))
        let group = Plan.Group(host: ledger.hosts[0], site: SiteID(rawValue: 1), count: 3)
        let request = HoldRequest(
            unit: unit, count: 3, start: window.start, duration: window.duration, grace: .zero)
        let new = NewHold(
            tenant: ledger.tenant, request: request, window: window, plan: Plan(groups: [group]), idempotency: nil)
        let hold = try await ledger.store.transaction { session in
            let hold = try Store.insert(new, in: session)
            try Store.reserve([group], forHold: hold, in: session)
            return hold
        }
        try await ledger.protect(.cores(10), for: Self.platinum)
        let (order, host) = (ledger.order.rawValue, ledger.hosts[0].rawValue)
        func draw() async throws(StoreError) {
            _ = try await ledger.store.transaction { session in
                try Store.draw([group], from: hold, in: session)
                try session.execute(
                    """
                    INSERT INTO muster.reservation (order_id, host_id, held, instance_count, live_count, vcpu_milli,
                                                    memory_mib, disk_gib, bandwidth_mbps, gpu_count)
                    VALUES (\(order), \(host), tstzrange(\(window.start.postgres), \(window.end.postgres)), \(count),
                            \(count), 1000, 1024, 0, 0, 0)
                    """
                )
            }
        }
        if count == 3 {
            try await draw()
        } else {
            await #expect(throws: StoreError.self) { try await draw() }
        }
        #expect(try await !ledger.takes(1, on: 0, from: 0, to: 10))
    }

    @Test("a writer that began before the headroom was set does not slip past it", arguments: Isolation.allCases)
    func race(isolation: Isolation) async throws {
        let ledger = try await Ledger.open(hosts: 1)
        let writer = try await Session.connect(FreshDatabase.current.configuration)
        try await writer.script(
            unchecked: "BEGIN ISOLATION LEVEL \(isolation.rawValue); SELECT count(*) FROM muster.host_headroom")
        try await ledger.protect(.cores(5), for: Self.platinum)
        await #expect(throws: PostgresError.self) {
            try await writer.execute(
                """
                INSERT INTO muster.reservation (order_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib,
                                                disk_gib, bandwidth_mbps, gpu_count)
                VALUES (\(ledger.order.rawValue), \(ledger.hosts[0].rawValue), tstzrange(now(), now() + interval '1 hour'),
                        6, 6, 1000, 1024, 0, 0, 0)
                """
            )
        }
        await writer.close()
    }

    @Test("what a tenant has counts for its class of the moment; who is in the way after a change stays")
    func reclassed() async throws {
        let standard = try await Ledger.open(hosts: 1)
        try await standard.protect(.cores(5), for: Self.platinum)
        let version = try await standard.store.fleetSnapshot().version
        #expect(try await !standard.takes(6, on: 0, from: 0, to: 5))
        _ = try await standard.store.setClass(Self.platinum, ofTenant: "t")
        #expect(try await standard.takes(10, on: 0, from: 0, to: 5))
        #expect(try await standard.store.fleetSnapshot().version == version + 1)
        _ = try await standard.store.setClass(.standard, ofTenant: "t")
        #expect(try await !standard.takes(1, on: 0, from: 0, to: 5))
        #expect(try await standard.allows("live_count = 4"))
    }

    @Test("what is in its way is told host by host, until it ends; the report has the sums")
    func told() async throws {
        let ledger = try await Ledger.open(hosts: 2)
        try await ledger.take(9, on: 0, from: 0, to: 100)
        try await ledger.take(7, on: 0, from: 200, to: 300)
        try await ledger.take(5, on: 1, from: 0, to: 400)
        try await ledger.protect(.cores(8), for: Self.platinum)
        let shortfalls = try await ledger.store.headroomShortfalls(at: Ledger.siteName, limit: 10)
        #expect(shortfalls.count == 1)
        #expect(
            shortfalls.listed == [
                HeadroomShortfall(
                    site: Ledger.siteName, host: "h1", resource: "vcpu_milli", missing: 3_000,
                    window: Window(start: Ledger.epoch, duration: .seconds(300)))
            ])
        #expect(shortfalls.until == Ledger.epoch + .seconds(300))
        let row = try await ledger.store.pool.rows("SELECT * FROM report.headroom")[0]
        #expect(try row.decode("protected", as: Int64.self) == 8_000)
        #expect(try row.decode("missing_at_most", as: Int64.self) == 3_000)
        let records = try await ledger.store.headrooms(site: nil, limit: 10)
        #expect(records.map(\.headroom.tenantClass) == [Self.platinum])
        #expect(records.first?.protected.vcpuMilli == 8_000)
    }
}
