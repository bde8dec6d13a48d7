import CapacityModel
import CapacityStore
import Delivery
import Placement
import Postgres
import TestSupport
import Testing

@Suite("Orders with and apart from others", .freshDatabase, .timeLimit(.minutes(5)))
struct OrderAffinityTests {
    private func request(
        _ count: Int, _ kind: OrderAffinity.Kind, _ order: OrderID, _ level: SpreadRule.Level
    ) -> OrderRequest {
        var request = Shop.request(count, start: 60)
        request.affinities = [OrderAffinity(kind, order: order, level: level)]
        return request
    }

    private func sites(of order: OrderRecord, in shop: Shop) async throws -> Set<String> {
        Set((try await shop.store.groups(of: [order.id])[order.id] ?? []).map(\.site))
    }

    @Test("an order stands where the other is, or where it is not, and is read back so")
    func sides() async throws {
        let shop = try await Shop.open(sites: 3, hosts: 2)
        let first = try await shop.order(Shop.request(2, start: 60))
        let with = try await shop.order(request(3, .together, first.id, .site))
        let apart = try await shop.order(request(3, .apart, first.id, .site))
        let place = try await sites(of: first, in: shop)
        #expect(try await sites(of: with, in: shop) == place)
        #expect(try await sites(of: apart, in: shop).isDisjoint(with: place))
        #expect(apart.request.affinities == [OrderAffinity(.apart, order: first.id, level: .site)])
        #expect(try await shop.breaches() == [])
    }

    @Test("a relaxable affinity that could not be kept is told of, with the quote and with the order")
    func relaxed() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 2)
        let first = try await shop.order(Shop.request(2, start: 60))
        let dropped = OrderAffinity(.apart, order: first.id, level: .site, whenUnsatisfiable: .relax)
        let kept = OrderAffinity(.together, order: first.id, level: .city, whenUnsatisfiable: .relax)
        var asked = Shop.request(1, start: 60)
        asked.affinities = [kept, dropped]
        guard case .quoted(let quote) = try await shop.desk.quote(asked, tenant: shop.tenant) else {
            Issue.record("what may be relaxed refuses nothing")
            return
        }
        #expect(quote.unkept == [dropped])
        let order = try await shop.order(asked)
        #expect(order.unkept == [dropped])
        #expect(order.request.affinities == [kept, dropped])
        #expect(try await shop.record(first.id).unkept == [])
    }

    @Test("an order that another stands apart from keeps out of its way when it grows")
    func symmetric() async throws {
        let shop = try await Shop.open(sites: 2, hosts: 1)
        let first = try await shop.order(Shop.request(2, start: 60))
        _ = try await shop.order(request(1, .apart, first.id, .site))
        // Two cores are free beside the first, three beside the other.
        let grown = try await shop.desk.change(first.id, tenant: shop.tenant, .scale(to: 5), revision: nil)
        guard case .refused(let refusal) = grown else {
            Issue.record("the free cores are where the other order is")
            return
        }
        #expect(refusal.shortage.gap.map(\.bound).contains(.affinity))
        _ = try await shop.desk.change(first.id, tenant: shop.tenant, .scale(to: 4), revision: nil)
        #expect(try await sites(of: first, in: shop).count == 1)
    }

    @Test("each of ranked alternatives stands where the order's affinities let it")
    func ranked() async throws {
        let shop = try await Shop.open(sites: 2)
        let first = try await shop.order(Shop.request(2, start: 60))
        var large = request(1, .apart, first.id, .site)
        large.spec.resources.vcpuMilli = 5_000
        let small = request(2, .apart, first.id, .site)
        let outcome = try await shop.desk.order(
            large, else: [small], quoteID: nil, tenant: shop.tenant, idempotency: nil)
        guard case .accepted(let order, _) = outcome else { throw Shop.Unserved(outcome: outcome) }
        #expect(order.request.count == 2 && order.request.affinities == small.affinities)
        #expect(try await sites(of: order, in: shop).isDisjoint(with: sites(of: first, in: shop)))
    }

    @Test("another tenant's order, and one that is not there, cannot be named")
    func strangers() async throws {
        let shop = try await Shop.open(sites: 2)
        let first = try await shop.order(Shop.request(1))
        try await shop.store.createKey(
            role: "tenant", tenant: "other", prefix: "mk_o", hash: Array(repeating: 8, count: 32))
        guard case .tenant(let other)? = try await shop.store.principal(keyHash: Array(repeating: 8, count: 32))?.role
        else { throw StoreError.stale }
        let asked = request(1, .apart, first.id, .site)
        let outcome = try await shop.desk.order(asked, quoteID: nil, tenant: other, idempotency: nil)
        #expect(outcome == .unknownOrder)
        let missing = request(1, .apart, OrderID(rawValue: 99), .site)
        #expect(try await shop.desk.quote(missing, tenant: shop.tenant) == .unknownOrder)
    }

    @Test("what a planner did not see the database does: apart orders written from one picture do not meet")
    func race() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 1)
        let first = try await shop.order(Shop.request(1, start: 60))
        let host = try #require(try await shop.store.groups(of: [first.id])[first.id]?.first?.hostID)
        let site = try #require(try await shop.planner.current().inventory.host(host)?.site)
        let draft = NewOrder(
            tenant: shop.tenant, request: request(1, .apart, first.id, .site), window: first.window,
            plan: Plan(groups: [Plan.Group(host: host, site: site, count: 1)]), rates: [], idempotency: nil)
        await #expect {
            _ = try await shop.store.transaction { session in
                let id = try Store.insert(draft, in: session)
                try Store.reserve(draft.plan.groups, for: id, in: session)
            }
        } throws: { error in
            guard case .oversold(let detail) = StoreError(error) else { return false }
            return detail.contains("beside order")
        }
    }

    @Test("orders that race to stand apart from one that grows are served or refused, and never beside it")
    func racing() async throws {
        let shop = try await Shop.open(sites: 3, hosts: 1)
        let first = try await shop.order(Shop.request(3, start: 60))
        let others = (0..<4).map { _ in request(1, .apart, first.id, .site) }
        let placed = try await withThrowingTaskGroup(of: OrderRecord?.self) { group in
            for other in others {
                group.addTask {
                    let outcome = try await shop.desk.order(other, quoteID: nil, tenant: shop.tenant, idempotency: nil)
                    if case .accepted(let record, _) = outcome { return record } else { return nil }
                }
            }
            group.addTask {
                _ = try await shop.desk.change(first.id, tenant: shop.tenant, .scale(to: 6), revision: nil)
                return nil
            }
            return try await group.reduce(into: [OrderRecord]()) { if let record = $1 { $0.append(record) } }
        }
        let mine = try await sites(of: first, in: shop)
        for order in placed { #expect(try await sites(of: order, in: shop).isDisjoint(with: mine)) }
        #expect(try await shop.breaches() == [])
    }
}
