import CapacityModel
import CapacityStore
import Delivery
import Placement
import Postgres
import TestSupport
import Testing

@Suite("Headroom for classes of tenants", .freshDatabase, .timeLimit(.minutes(10)))
struct HeadroomTests {
    private static let platinum = TenantClass(rawValue: "platinum")

    private static func protect(_ permille: Int, of site: String, for tenantClass: TenantClass = platinum) -> Headroom {
        Headroom(site: site, tenantClass: tenantClass, size: .share(permille: permille), reason: "a test")
    }

    @Test("an order avoids what is protected, is refused by its name, and has it once its tenant is of the class")
    func ordered() async throws {
        let shop = try await Shop.open(sites: 2, hosts: 1)
        #expect(try await shop.fleet.set(Self.protect(500, of: "1101-telecom-1")) == .set)
        let outcome = try await shop.desk.order(Shop.request(7), quoteID: nil, tenant: shop.tenant, idempotency: nil)
        guard case .refused(let refusal) = outcome else { throw Shop.Unserved(outcome: outcome) }
        #expect(refusal.shortage.gap.first?.bound == .headroom)
        #expect(refusal.shortage.available == 6)
        #expect(
            refusal.explanation?.parts.first?.bindings.contains { $0.constraint == .headroom && $0.gain == 1 } == true)
        let order = try await shop.order(Shop.request(6))
        #expect(try await shop.places(order.id) == ["1101-telecom-1-h1": 2, "1201-telecom-1-h1": 4])
        _ = try await shop.store.setClass(Self.platinum, ofTenant: "probe")
        let more = try await shop.order(Shop.request(2))
        #expect(try await shop.places(more.id) == ["1101-telecom-1-h1": 2])
        #expect(try await shop.breaches().isEmpty)
    }

    @Test("a hold, a larger count and a longer window keep off it as well")
    func held() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 1)
        let order = try await shop.order(Shop.request(2, start: 0))
        let other = try await shop.order(Shop.request(1, start: 3_600))
        _ = try await shop.fleet.set(Self.protect(500, of: "1101-telecom-1"))
        let hold = try await shop.desk.hold(
            HoldRequest(unit: Resources(vcpuMilli: 1_000, memoryMiB: 1_024), count: 1, duration: .seconds(600)),
            tenant: shop.tenant, idempotency: nil)
        guard case .refused = hold else {
            Issue.record("\(hold)")
            return
        }
        let scaled = try await shop.desk.change(order.id, tenant: shop.tenant, .scale(to: 3), revision: nil)
        guard case .refused = scaled else {
            Issue.record("\(scaled)")
            return
        }
        let end = Shop.opening + .seconds(7_200)
        let extended = try await shop.desk.change(order.id, tenant: shop.tenant, .extend(to: end), revision: nil)
        guard case .refused = extended else {
            Issue.record("\(extended)")
            return
        }
        _ = try await shop.desk.change(other.id, tenant: shop.tenant, .cancel, revision: nil)
        let again = try await shop.desk.change(order.id, tenant: shop.tenant, .extend(to: end), revision: nil)
        guard case .changed = again else {
            Issue.record("\(again)")
            return
        }
    }

    @Test("a planner that runs on tells what a class has taken of its part from what others have")
    func followed() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 1)
        _ = try await shop.fleet.set(Self.protect(500, of: "1101-telecom-1"))
        let row = try await shop.pool.rows(
            "INSERT INTO muster.tenant (name, class) VALUES ('p', 'platinum') RETURNING tenant_id")[0]
        let member = TenantID(rawValue: try row.decode("tenant_id", as: Int64.self))
        _ = try await shop.planner.current()
        let loads = await shop.planner.effort.loads
        let own = try await shop.desk.order(Shop.request(2), quoteID: nil, tenant: member, idempotency: nil)
        guard case .accepted = own else { throw Shop.Unserved(outcome: own) }
        _ = try await shop.order(Shop.request(2))
        #expect(await shop.planner.effort.loads == loads)
        #expect(try await shop.breaches().isEmpty)
    }

    @Test("who waits is served when a headroom is lifted, and keeps off it until then")
    func waiting() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 1)
        _ = try await shop.fleet.set(Self.protect(500, of: "1101-telecom-1"))
        let order = try await shop.order(
            Shop.request(4, fulfilment: Fulfilment(policy: .bestEffort, topUp: true)))
        #expect(order.counts.waiting == 2)
        _ = try await shop.reconciler.reconcile(order.id)
        #expect(try await shop.record(order.id).counts.waiting == 2)
        #expect(try await shop.fleet.removeHeadroom(for: Self.platinum, at: "1101-telecom-1"))
        _ = try await shop.reconciler.reconcile(order.id)
        #expect(try await shop.record(order.id).counts.waiting == 0)
        #expect(try await shop.breaches().isEmpty)
    }

    @Test("an order draws what its tenant held before it was protected for others")
    func drawn() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 1)
        let outcome = try await shop.desk.hold(
            HoldRequest(unit: Resources(vcpuMilli: 1_000, memoryMiB: 1_024), count: 4, duration: .seconds(7_200)),
            tenant: shop.tenant, idempotency: nil)
        guard case .held(let hold, _) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        _ = try await shop.fleet.set(Self.protect(750, of: "1101-telecom-1"))
        let drawn = try await shop.desk.order(
            Shop.request(3), from: hold.id, tenant: shop.tenant, idempotency: nil)
        guard case .accepted = drawn else { throw Shop.Unserved(outcome: drawn) }
        #expect(try await shop.breaches().isEmpty)
    }

    @Test("what was offered before it was protected for others is had when it is accepted")
    func offered() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 1)
        let outcome = try await shop.desk.order(Shop.request(5), quoteID: nil, tenant: shop.tenant, idempotency: nil)
        guard case .refused(let refusal) = outcome,
            let fewer = refusal.offers.first(where: { $0.kind == .fewer })?.quote
        else { throw Shop.Unserved(outcome: outcome) }
        _ = try await shop.fleet.set(Self.protect(750, of: "1101-telecom-1"))
        let accepted = try await shop.desk.order(
            fewer.request, quoteID: fewer.id, tenant: shop.tenant, idempotency: nil)
        guard case .accepted(let order, _) = accepted else { throw Shop.Unserved(outcome: accepted) }
        #expect(try await shop.places(order.id) == ["1101-telecom-1-h1": 4])
    }
}
