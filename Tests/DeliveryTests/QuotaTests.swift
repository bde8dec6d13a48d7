import CapacityModel
import CapacityStore
import Delivery
import JobQueue
import Postgres
import TestSupport
import Testing

@Suite("Quotas, as a customer meets them", .freshDatabase, .timeLimit(.minutes(5)))
struct QuotaTests {
    @Test("what an order draws from a hold is counted once, and may be drawn under a quota lowered since")
    func drawn() async throws {
        let shop = try await Shop.open(sites: 3)
        try await shop.allow([Quota.Limit(.instances, 6)])
        let hold = try await shop.hold(6)
        _ = try await shop.drawn(Shop.request(4), from: hold.id)
        #expect(try await shop.quotaUse() == 6)
        try await shop.allow([Quota.Limit(.instances, 1)])
        let last = try await shop.drawn(Shop.request(1, duration: 60), from: hold.id)
        #expect(try await shop.quotaUse() == 6)
        await #expect(throws: StoreError.self) {
            try await shop.store.transaction { session in
                try Store.ask(for: 1, of: last.id, in: session)
                try Store.reserve(
                    [Plan.Group(host: HostID(rawValue: 3), site: SiteID(rawValue: 3), count: 1)], for: last.id,
                    in: session)
            }
        }
        _ = try await shop.desk.release(hold.id, tenant: shop.tenant)
        #expect(try await shop.quotaUse() == 5)
        #expect(try await shop.breaches() == [])
    }
}

extension Shop {
    /// Gives the tenant a quota.
    func allow(_ limits: [Quota.Limit], scope: Scope = .nationwide, name: String = "q") async throws {
        let quota = Quota(name: name, scope: scope, limits: limits)
        guard case .put = try await store.put(quota, of: "probe", revision: nil) else { throw StoreError.stale }
    }

    /// What is in use now under the first limit of the first quota.
    func quotaUse() async throws -> Int64? {
        try await store.quotas(of: "probe").first?.uses.first?.first
    }
}
