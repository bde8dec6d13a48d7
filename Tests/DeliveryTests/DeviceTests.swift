import CapacityModel
import CapacityStore
import Delivery
import JobQueue
import Metering
import Postgres
import TestSupport
import Testing

@Suite("Orders for GPUs", .freshDatabase, .timeLimit(.minutes(5)))
struct DeviceTests {
    @Test("three halves are delivered on two devices, billed by the half, and the devices are whole again afterwards")
    func story() async throws {
        let shop = try await Shop.withGPUs(2)
        let agents = FakeAgents(shop)
        let request = Shop.request(3, share: 500, duration: 3_600)
        guard case .quoted(let quote) = try await shop.desk.quote(request, tenant: shop.tenant) else {
            throw StoreError.stale
        }
        #expect(quote.groups.map(\.devices) == [[0], [1]])
        let order = try await shop.order(request)
        #expect(try await shop.isRefused(Shop.request(1, whole: 1)))
        #expect(try await shop.isRefused(Shop.request(1, share: 501)))
        let last = try await shop.order(Shop.request(1, share: 500))
        #expect(try await shop.devices(of: last.id) == [[1]])
        #expect(try await shop.isRefused(Shop.request(1, share: 1)))

        _ = try await shop.reconciler.reconcile(order.id)
        let told = try await agents.pull()
        #expect(told.map(\.devices) == [[0], [0], [1]])
        #expect(told.allSatisfy { $0.spec.resources.gpuShareMilli == 500 })
        let seen = try await shop.store.instances(of: order.id, after: nil, limit: 10)
        #expect(seen.map(\.devices) == [[0], [0], [1]])
        try await agents.report(.ready, at: 0)
        try await shop.clock(3_600)
        _ = try await shop.reconciler.reconcile(order.id)
        try await agents.report(.stopped, at: 3_600)
        #expect(try await shop.reconciler.reconcile(order.id) == .done)

        let bill = try await shop.pool.rows(
            "SELECT spec, amount_micro FROM report.billing_by_order WHERE order_id = \(order.id.rawValue)")[0]
        #expect(try bill.decode("amount_micro", as: Int64.self) == quote.price.amountMicro)
        #expect(try bill.decode("spec", as: String.self) == "container 0.1C 64MiB 0.5xG2")
        let later = try await shop.order(Shop.request(1, whole: 1, start: 4_000))
        #expect(
            try await shop.devices(of: later.id) == [[1]], "where the last share keeps it from longer windows anyway")
        #expect(try await shop.breaches() == [])
    }

    @Test("whole devices are an instance's alone, several of them neighbours")
    func whole() async throws {
        let shop = try await Shop.withGPUs(4)
        let pair = try await shop.order(Shop.request(1, whole: 2))
        let singles = try await shop.order(Shop.request(2, whole: 1))
        #expect(try await shop.devices(of: pair.id) == [[0, 1]])
        #expect(try await shop.devices(of: singles.id) == [[2], [3]])
        #expect(try await shop.isRefused(Shop.request(1, share: 1)))
        let hosts = try await shop.store.hosts(site: nil, after: nil, limit: 10)
        #expect(hosts.filter { $0.allocatable.gpuCount > 0 }.map(\.deviceMilli) == [[1_000, 1_000, 1_000, 1_000]])
        #expect(try await shop.breaches() == [])
    }

    @Test("what is held of a device is refused to others, and drawn as that part of that device")
    func drawing() async throws {
        let shop = try await Shop.withGPUs(2)
        let hold = try await shop.hold(Shop.request(3, share: 400).spec.resources, count: 3)
        let before = try await shop.store.groups(ofHolds: [hold.id])[hold.id] ?? []
        #expect(before.map(\.devices) == [[0], [1]])
        #expect(before.map(\.count) == [2, 1])
        #expect(try await shop.isRefused(Shop.request(1, whole: 1)))
        #expect(try await shop.isRefused(Shop.request(1, share: 700)))

        let drawn = try await shop.drawn(Shop.request(2, share: 400), from: hold.id)
        #expect(try await shop.devices(of: drawn.id) == [[0], [0]])
        #expect(try await shop.misfit(Shop.request(1, share: 300), from: hold.id)?.part == .spec)
        let rest = try await shop.drawn(Shop.request(1, share: 400), from: hold.id)
        #expect(try await shop.devices(of: rest.id) == [[1]])
        #expect(try await shop.record(hold.id).state == .drawn)
        #expect(try await shop.breaches() == [])
    }

    @Test("whole devices that are held are drawn one by one, and what is left of the hold is released")
    func drawingWhole() async throws {
        let shop = try await Shop.withGPUs(3)
        let hold = try await shop.hold(Shop.request(3, whole: 1).spec.resources, count: 3)
        let drawn = try await shop.drawn(Shop.request(2, whole: 1), from: hold.id)
        #expect(try await shop.devices(of: drawn.id) == [[0], [1]])
        #expect(try await shop.isRefused(Shop.request(1, share: 1)))
        #expect(try await shop.desk.release(hold.id, tenant: shop.tenant) == .released(shop.record(hold.id)))
        #expect(try await shop.devices(of: shop.order(Shop.request(1, share: 1)).id) == [[2]])
        #expect(try await shop.breaches() == [])
    }

    @Test("an order is extended on its devices or not at all, whatever is free beside them")
    func extending() async throws {
        let shop = try await Shop.withGPUs(2)
        let first = try await shop.order(Shop.request(1, share: 600, duration: 600))
        let second = try await shop.order(Shop.request(1, share: 600, start: 600, duration: 600))
        #expect(try await shop.devices(of: first.id) == shop.devices(of: second.id))
        let end = Shop.opening + .seconds(601)
        guard case .refused = try await shop.desk.change(first.id, tenant: nil, .extend(to: end), revision: nil) else {
            throw StoreError.stale
        }
        guard case .changed = try await shop.desk.change(second.id, tenant: nil, .cancel, revision: nil) else {
            throw StoreError.stale
        }
        guard case .changed = try await shop.desk.change(first.id, tenant: nil, .extend(to: end), revision: nil) else {
            throw StoreError.stale
        }
        #expect(try await shop.breaches() == [])
    }

    @Test("an instance that fails is placed again on devices of another host")
    func replacing() async throws {
        let shop = try await Shop.withGPUs(1, hosts: 2)
        let agents = FakeAgents(shop)
        let order = try await shop.order(Shop.request(1, share: 500))
        _ = try await shop.reconciler.reconcile(order.id)
        let first = try await agents.pull()[0]
        try await agents.report(.fail, at: 2)
        _ = try await shop.reconciler.reconcile(order.id)
        let again = try await agents.pull()
        #expect(again.count == 1)
        #expect(again.first?.host != first.host)
        #expect(again.first?.devices == [0])
        #expect(try await shop.breaches() == [])
    }

    @Test("an order is scaled up beside its own shares")
    func scaling() async throws {
        let shop = try await Shop.withGPUs(2)
        let order = try await shop.order(Shop.request(1, share: 300))
        guard case .changed = try await shop.desk.change(order.id, tenant: nil, .scale(to: 3), revision: nil) else {
            throw StoreError.stale
        }
        #expect(try await shop.devices(of: order.id) == [[0], [0], [0]])
        _ = try await shop.order(Shop.request(1, whole: 1))
        #expect(try await shop.breaches() == [])
    }

    @Test("only sites with all capabilities asked for serve, and only hosts with that much disk")
    func capabilities() async throws {
        let shop = try await Shop.open(sites: 2)
        let ssd = NewSite(
            name: "4401-telecom-1", province: "44", city: "4401", carrier: .telecom, origin: "cdn",
            capabilities: ["local-disk", "l7lb"])
        let hosts = [("ssd-1", 200), ("ssd-2", 2_000)].map { name, disk in
            NewHost(
                site: ssd.name, name: name,
                allocatable: Resources(vcpuMilli: 4_000, memoryMiB: 8_192, diskGiB: Int64(disk), bandwidthMbps: 1_000))
        }
        _ = try await shop.store.importFleet(sites: [ssd], hosts: hosts)
        var request = Shop.request(3)
        request.scope.capabilities = ["local-disk"]
        request.spec.resources.diskGiB = 500
        let order = try await shop.order(request)
        #expect(try await shop.store.groups(of: [order.id])[order.id]?.map(\.host) == ["ssd-2"])
        #expect(try await shop.isRefused(request), "500 GiB and one vCPU are left")
        request.spec.resources.diskGiB = 0
        request.scope.capabilities = ["local-disk", "kernel:toa"]
        #expect(try await shop.isRefused(request))
    }
}

extension Shop {
    /// One site with hosts of 64 cores and so many GPUs of model G2, beside the site every shop has.
    static func withGPUs(_ devices: Int64, hosts: Int = 1) async throws -> Shop {
        let shop = try await Shop.open(sites: 1)
        let site = NewSite(
            name: "4401-telecom-1", province: "44", city: "4401", carrier: .telecom, origin: "self", capabilities: [])
        let has = Resources(vcpuMilli: 64_000, memoryMiB: 65_536, gpuModel: "G2", gpuCount: devices)
        _ = try await shop.store.importFleet(
            sites: [site], hosts: (1...hosts).map { NewHost(site: site.name, name: "gpu-\($0)", allocatable: has) })
        return shop
    }

    /// A tenth of a core and GPUs each.
    fileprivate static func request(
        _ count: Int, share: Int64 = 0, whole: Int64 = 0, start: Int64? = nil, duration: Int64 = 3_600
    ) -> OrderRequest {
        var request = request(count, start: start, duration: duration, grace: 0)
        request.spec.resources = Resources(
            vcpuMilli: 100, memoryMiB: 64, gpuModel: "G2", gpuCount: whole, gpuShareMilli: share)
        return request
    }

    /// The devices of each instance of an order, in the order of their ids.
    fileprivate func devices(of id: OrderID) async throws -> [[Int]] {
        try await store.instances(of: id, after: nil, limit: 100).map(\.devices)
    }

    /// Holds `count` of `unit` from now on and expects to be served.
    fileprivate func hold(_ unit: Resources, count: Int) async throws -> HoldRecord {
        let request = HoldRequest(unit: unit, count: count, duration: .seconds(3_600), grace: .zero)
        let outcome = try await desk.hold(request, tenant: tenant, idempotency: nil)
        guard case .held(let record, _) = outcome else { throw NotHeld(outcome: outcome) }
        return record
    }
}
