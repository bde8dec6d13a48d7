import CapacityModel
import CapacityStore
import Delivery
import TestSupport
import Testing

@Suite("Orders that grow and shrink", .freshDatabase, .timeLimit(.minutes(5)))
struct ScalingTests {
    @Test("fewer instances keep the order's hard rules, where any choice of them does, whatever runs")
    func shrunk() async throws {
        let shop = try await Shop.open(sites: 3)
        let rule = SpreadRule(level: .site, maxPerGroup: 2, minGroups: 3)
        let order = try await shop.order(Shop.request(6, spread: [rule]))
        #expect(try await shop.places(order.id).values.sorted() == [2, 2, 2])
        let agents = FakeAgents(shop)
        _ = try await shop.reconciler.reconcile(order.id)
        try await agents.pull()
        try await agents.report(.ready, at: 1) { $0.host == "1101-telecom-1-h1" }
        try await shop.scale(order, to: 4)
        try await shop.scale(order, to: 3)
        let told = try await agents.pull()
        #expect(told.count == 3)
        let left = try await shop.store.instances(of: order.id, after: nil, limit: 100)
            .filter { $0.state != .releasing && $0.state != .released }
        #expect(Set(left.map(\.site)).count == 3 && left.count == 3)
        try await shop.scale(order, to: 2)
        let record = try await shop.record(order.id)
        #expect(record.request.count == 2, "two cannot stand at three sites, and nobody has to keep what he gives back")
        #expect(try await shop.breaches() == [])
    }

    @Test("a share is of the new count, and what newest instances would break is not what stops", arguments: [8, 6, 4])
    func shares(count: Int) async throws {
        let shop = try await Shop.open(sites: 4)
        let rule = SpreadRule(level: .site, maxShare: 0.25)
        let order = try await shop.order(Shop.request(12, start: 3_600, spread: [rule]))
        try await shop.scale(order, to: count)
        let places = try await shop.places(order.id)
        #expect(places.values.reduce(0, +) == count)
        // Two of six are more than a quarter, and one of each is four: then the newest go.
        if count != 6 { #expect(places.values.allSatisfy { $0 <= count / 4 }) }
        #expect(try await shop.breaches() == [])
    }

    @Test("a tenant's own offers are in the way of none of its changes")
    func ownOffers() async throws {
        let shop = try await Shop.open(sites: 1)
        let order = try await shop.order(Shop.request(1, duration: 600))
        let behind = try await shop.refusal(of: Shop.request(5, start: 600, duration: 600))
        #expect(behind.offers.contains { $0.count == 4 && $0.quote?.heldUntil != nil })
        let extended = try await shop.desk.change(
            order.id, tenant: shop.tenant, .extend(to: order.window.end + .seconds(300)), revision: nil)
        guard case .changed = extended else {
            Issue.record("its own offer kept it from staying: \(extended)")
            return
        }
        let beside = try await shop.refusal(of: Shop.request(5, duration: 600))
        #expect(beside.offers.contains { $0.count == 3 && $0.quote?.heldUntil != nil })
        try await shop.scale(order, to: 4)
        #expect(try await shop.record(order.id).counts.planned == 4)
        #expect(try await shop.breaches() == [])
    }
}

extension Shop {
    fileprivate func scale(_ order: OrderRecord, to count: Int) async throws {
        let outcome = try await desk.change(order.id, tenant: tenant, .scale(to: count), revision: nil)
        guard case .changed = outcome else { throw Unchanged(outcome: outcome) }
    }

    private struct Unchanged: Error {
        var outcome: ChangeOutcome
    }
}
