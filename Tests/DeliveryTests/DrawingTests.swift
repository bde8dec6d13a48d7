import CapacityModel
import CapacityStore
import Delivery
import JobQueue
import Postgres
import TestSupport
import Testing

@Suite("Orders that draw on a hold", .freshDatabase, .timeLimit(.minutes(5)))
struct DrawingTests {
    @Test("an order takes its part out of the hold, on the hold's hosts, and is delivered and billed as any other")
    func drawn() async throws {
        let shop = try await Shop.open(sites: 2)
        let hold = try await shop.hold(6)
        let hosts = Set(try await shop.store.groups(ofHolds: [hold.id])[hold.id]?.map(\.hostID) ?? [])
        let order = try await shop.drawn(Shop.request(4, duration: 600), from: hold.id)
        #expect(order.hold == hold.id)
        #expect(order.counts.planned == 4)
        #expect(try await shop.record(hold.id).counts == HoldCounts(requested: 6, held: 2, drawn: 4))
        let groups = try await shop.store.groups(of: [order.id])[order.id] ?? []
        #expect(Set(groups.map(\.hostID)).isSubset(of: hosts))
        #expect(try await shop.isRefused(Shop.request(3)), "2 are held, 4 are drawn, 2 are free")
        #expect(try await shop.breaches() == [])

        let agents = FakeAgents(shop)
        _ = try await shop.reconciler.reconcile(order.id)
        try await agents.pull()
        try await agents.report(.ready, at: 1)
        try await shop.clock(600)
        _ = try await shop.reconciler.reconcile(order.id)
        try await agents.report(.stopped, at: 600)
        #expect(try await shop.reconciler.reconcile(order.id) == .done)
        let bill = try await shop.pool.rows("SELECT instance_seconds FROM report.billing_by_order")[0]
        #expect(try bill.decode("instance_seconds", as: Int64.self) == 4 * 600)
        #expect(try await shop.record(hold.id).counts.held == 2, "what was drawn does not come back")
        #expect(try await shop.breaches() == [])
    }

    @Test("a refusal of what a hold does not have says what could be drawn, and that can be")
    func offers() async throws {
        let shop = try await Shop.open(sites: 2)
        let hold = try await shop.hold(6)
        let rule = SpreadRule(level: .site, maxPerGroup: 2, whenUnsatisfiable: .reject)
        func offers(_ request: OrderRequest) async throws -> [Offer] {
            let outcome = try await shop.desk.order(request, from: hold.id, tenant: shop.tenant, idempotency: nil)
            guard case .refused(let refusal) = outcome else { throw Shop.Unserved(outcome: outcome) }
            return refusal.offers
        }
        let offered = try await offers(Shop.request(5, spread: [rule]))
        #expect(offered.allSatisfy { $0.quote == nil })
        #expect(offered.first { $0.kind == .fewer }?.count == 4)
        #expect(offered.first { $0.kind == .softer }?.count == 5)
        #expect(try await offers(Shop.request(9)).map(\.count) == [6])
        let softer = try #require(offered.first { $0.kind == .softer }?.spread)
        #expect(try await shop.drawn(Shop.request(5, spread: softer), from: hold.id).counts.planned == 5)
        #expect(try await shop.breaches() == [])
    }

    @Test("an order may draw all that is held and wait for the rest, unless as many wait already as may")
    func waiting() async throws {
        let shop = try await Shop.open(sites: 1)
        let hold = try await shop.hold(4)
        let patience = Fulfilment(policy: .bestEffort, topUp: true)
        let ahead = try await shop.order(Shop.request(1, fulfilment: patience))
        let first = try await shop.drawn(Shop.request(2, fulfilment: patience), from: hold.id)
        #expect(first.counts.planned == 2)
        try await shop.pool.copyWaitingOrder(ahead.id.rawValue, Store.waitingLimit - 1)
        let more = Shop.request(3, fulfilment: patience)
        let outcome = try await shop.desk.order(more, from: hold.id, tenant: shop.tenant, idempotency: nil)
        guard case .refused(let refusal) = outcome else { throw Shop.Unserved(outcome: outcome) }
        #expect(refusal.shortage.gap.map(\.bound) == [.waiting])
        #expect(refusal.shortage.available == 2 && refusal.shortage.missing == 1)
        #expect(refusal.offers.map(\.count) == [2], "what is held needs no waiting")
        let rest = try await shop.drawn(Shop.request(2, fulfilment: patience), from: hold.id)
        #expect(rest.counts.planned == 2)
        #expect(try await shop.breaches() == [])
    }

    @Test("a hold that is drawn whole is over, and its time to live touches nothing any more")
    func whole() async throws {
        let shop = try await Shop.open(sites: 1)
        let hold = try await shop.hold(4, timeToLive: 600)
        let first = try await shop.drawn(Shop.request(1), from: hold.id)
        let rest = try await shop.drawn(Shop.request(3), from: hold.id)
        #expect(try await shop.record(hold.id).state == .drawn)
        #expect(try await shop.desk.release(hold.id, tenant: shop.tenant) == .tooLate(.drawn))
        try await shop.clock(600)
        try await shop.sweep()
        #expect(try await shop.record(hold.id).counts == HoldCounts(requested: 4, held: 0, drawn: 4))
        #expect(try await shop.record(first.id).counts.live + shop.record(rest.id).counts.live == 4)
        #expect(try await shop.misfit(Shop.request(1), from: hold.id)?.part == .reservation)
        #expect(try await shop.breaches() == [])
    }

    @Test("when nobody shows up for the rest, only the rest is released")
    func rest() async throws {
        let shop = try await Shop.open(sites: 1)
        let hold = try await shop.hold(4, timeToLive: 600)
        _ = try await shop.drawn(Shop.request(3), from: hold.id)
        try await shop.clock(600)
        #expect(try await shop.misfit(Shop.request(1), from: hold.id)?.part == .reservation, "before the sweep as well")
        try await shop.sweep()
        let over = try await shop.record(hold.id)
        #expect(over.state == .expired)
        #expect(over.counts == HoldCounts(requested: 4, held: 0, drawn: 3, released: 1))
        #expect(try await !shop.isRefused(Shop.request(1)))
        #expect(try await shop.isRefused(Shop.request(1)))
        #expect(try await shop.breaches() == [])
    }

    @Test("what is drawn is nobody else's for a moment: who waits for it on full hosts gets nothing")
    func race() async throws {
        let shop = try await Shop.open(sites: 3, hosts: 2)
        let hold = try await shop.hold(24)
        let (drawn, stolen) = try await withThrowingTaskGroup(of: (isDraw: Bool, isServed: Bool).self) { group in
            for _ in 0..<12 {
                group.addTask { (true, try await shop.drawn(Shop.request(2), from: hold.id).counts.planned == 2) }
                group.addTask { (false, try await !shop.isRefused(Shop.request(1))) }
            }
            return try await group.reduce(into: (0, 0)) { sums, answer in
                guard answer.isServed else { return }
                if answer.isDraw { sums.0 += 1 } else { sums.1 += 1 }
            }
        }
        #expect(drawn == 12)
        #expect(stolen == 0)
        #expect(try await shop.record(hold.id).state == .drawn)
        #expect(try await shop.breaches() == [])
    }

    @Test("an order of other amounts, outside the window, or of another tenant does not fit the hold")
    func misfits() async throws {
        let shop = try await Shop.open(sites: 2)
        let hold = try await shop.hold(4, start: 60, duration: 600, grace: 10)
        func part(_ change: (inout OrderRequest) -> Void) async throws -> HoldMisfit.Part? {
            var request = Shop.request(1, start: 60, duration: 600, grace: 10)
            change(&request)
            return try await shop.misfit(request, from: hold.id)?.part
        }
        #expect(try await part { $0.spec.resources.memoryMiB = 512 } == .spec)
        #expect(try await part { $0.timing.start = Shop.opening } == .window)
        #expect(try await part { $0.timing.duration = .seconds(601) } == .window)
        #expect(try await part { $0.timing.lead = .seconds(1) } == .window)
        #expect(try await part { $0.release.grace = .seconds(11) } == .window)
        let stranger = try await shop.customer("stranger")
        let theirs = try await shop.desk.order(
            Shop.request(1, start: 60), from: hold.id, tenant: stranger, idempotency: nil)
        guard case .misfit(let misfit) = theirs else {
            Issue.record("another tenant's hold is no hold: \(theirs)")
            return
        }
        #expect(misfit.part == .reservation)
        #expect(try await part { _ in } == nil, "it fits to the second")
        #expect(try await shop.breaches() == [])
    }

    @Test("more than is held, or where nothing is held, is refused with what binds, though other hosts are free")
    func refusals() async throws {
        let shop = try await Shop.open(sites: 2)
        let hold = try await shop.hold(3)
        let site = try #require(await shop.store.groups(ofHolds: [hold.id])[hold.id]?.first?.site)
        func shortage(_ request: OrderRequest) async throws -> Shortage? {
            let outcome = try await shop.desk.order(request, from: hold.id, tenant: shop.tenant, idempotency: nil)
            if case .refused(let refusal) = outcome { return refusal.shortage } else { return nil }
        }
        let many = try await shortage(Shop.request(4))
        #expect(many?.available == 3)
        #expect(many?.gap.map(\.bound) == [.capacity])
        var elsewhere = Shop.request(1)
        elsewhere.scope.exclude = [Scope.Selector(site: site)]
        #expect(try await shortage(elsewhere)?.gap.map(\.bound) == [.scope])
        let some = try await shop.drawn(Shop.request(4, fulfilment: Fulfilment(policy: .bestEffort)), from: hold.id)
        #expect(some.counts == OrderCounts(requested: 4, refused: 1, planned: 3))
    }

    @Test("the same idempotency key draws once")
    func idempotency() async throws {
        let shop = try await Shop.open(sites: 1)
        let hold = try await shop.hold(4)
        let key = Idempotency(key: "k-1", bodyHash: Array(repeating: 1, count: 32))
        let ids = try await withThrowingTaskGroup(of: OrderID?.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    let outcome = try await shop.desk.order(
                        Shop.request(2), from: hold.id, tenant: shop.tenant, idempotency: key)
                    guard case .accepted(let record, _) = outcome else { return nil }
                    return record.id
                }
            }
            return try await group.reduce(into: Set<OrderID?>()) { $0.insert($1) }
        }
        #expect(ids.count == 1 && !ids.contains(nil))
        #expect(try await shop.record(hold.id).counts.drawn == 2)
    }
}
