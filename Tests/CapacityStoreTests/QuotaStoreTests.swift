import CapacityModel
import CapacityStore
import Postgres
import TestSupport
import Testing

@Suite("What the store keeps of quotas", .freshDatabase, .timeLimit(.minutes(5)))
struct QuotaStoreTests {
    @Test("a quota is read as it was put, with its revision, and is gone when it is deleted")
    func kept() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        let store = ledger.store
        let quota = Quota(
            name: "618", scope: Scope(include: [Scope.Selector(province: "11")], capabilities: ["l7lb"]),
            during: Quota.Stretch(from: Ledger.epoch, until: Ledger.epoch + .seconds(60)),
            limits: [
                Quota.Limit(.gpu(model: nil), 8), Quota.Limit(.gpu(model: "G2"), 4), Quota.Limit(.instances, 100),
            ]
        )
        guard case .put(let first) = try await store.put(quota, of: "t", revision: nil) else { throw StoreError.stale }
        #expect(first.quota == quota)
        #expect(first.revision == 1)
        #expect(try await store.put(quota, of: "t", revision: 7) == .revisionMismatch(current: 1))
        var other = quota
        other.limits = [Quota.Limit(.disk, 0)]
        guard case .put(let second) = try await store.put(other, of: "t", revision: 1) else { throw StoreError.stale }
        #expect((second.quota, second.revision) == (other, 2))
        #expect(try await store.put(quota, of: "nobody", revision: nil) == .noTenant)
        #expect(try await store.deleteQuota("618", of: "t", revision: 1) == .revisionMismatch(current: 2))
        #expect(try await store.deleteQuota("618", of: "t", revision: 2) == .deleted)
        #expect(try await store.deleteQuota("618", of: "t", revision: nil) == .noQuota)
        #expect(try await store.quotas(of: "t").isEmpty)
    }

    @Test("a tenant has so many quotas and no more")
    func bound() async throws {
        let store = try await Ledger.open(hosts: 1).store
        for number in 1...Store.quotasOfTenant {
            let quota = Quota(name: "q\(number)", limits: [Quota.Limit(.instances, 1)])
            guard case .put = try await store.put(quota, of: "t", revision: nil) else { throw StoreError.stale }
        }
        let more = Quota(name: "more", limits: [Quota.Limit(.instances, 1)])
        #expect(try await store.put(more, of: "t", revision: nil) == .tooMany)
        guard
            case .put = try await store.put(
                Quota(name: "q1", limits: more.limits), of: "t", revision: nil)
        else { throw StoreError.stale }
    }

    @Test("SQL finds the same sites in a scope as Swift does, and again when they have changed")
    func scopes() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        let seed = UInt64.random(in: 0..<1_000_000)
        var random = Lottery(state: seed)
        try await importSites(&random, into: ledger)
        for number in 0..<24 {
            try await ledger.allow(
                [Quota.Limit(.instances, 1)], scope: Self.scope(&random), name: "q\(number)")
        }
        try await expectSameSites(in: ledger, seed: seed)
        try await importSites(&random, into: ledger)
        try await ledger.store.pool.execute(
            "UPDATE muster.site SET labels = '{\"tier\": \"2\", \"rack\": \"a\"}' WHERE site_id % 3 = 0")
        try await expectSameSites(in: ledger, seed: seed)
    }

    private func expectSameSites(in ledger: Ledger, seed: UInt64) async throws {
        let sites = try await ledger.store.fleetSnapshot().sites
        for record in try await ledger.store.quotas(of: "t") {
            let mapped = try await ledger.store.pool.rows(
                """
                SELECT s.name FROM muster.quota_site m JOIN muster.site s USING (site_id) JOIN muster.quota q USING (quota_id)
                 WHERE q.name = \(record.quota.name)
                """
            ).map { try $0.decode("name", as: String.self) }
            let admitted = sites.filter { record.quota.scope.admits($0) }.map(\.name)
            #expect(Set(mapped) == Set(admitted), "seed \(seed): \(record.quota.scope)")
        }
    }

    private func importSites(_ random: inout Lottery, into ledger: Ledger) async throws {
        var sites: [NewSite] = []
        for number in 0..<30 {
            let province = ["11", "12", "44", "45"][random.next(below: 4)]
            sites.append(
                NewSite(
                    name: "s\(number)", province: province, city: "\(province)0\(1 + random.next(below: 2))",
                    carrier: Carrier.allCases[random.next(below: 4)], origin: "self",
                    capabilities: random.next(below: 2) == 0 ? [] : ["l7lb", "local-disk"]
                )
            )
        }
        _ = try await ledger.store.importFleet(sites: sites, hosts: [])
    }

    private static func scope(_ random: inout Lottery) -> Scope {
        func selectors(_ count: Int) -> [Scope.Selector] {
            (0..<count).map { _ in
                Scope.Selector(
                    area: random.next(below: 3) == 0 ? [.north, .south][random.next(below: 2)] : nil,
                    province: random.next(below: 3) == 0 ? ["11", "44"][random.next(below: 2)] : nil,
                    city: random.next(below: 4) == 0 ? ["1101", "4402"][random.next(below: 2)] : nil,
                    carrier: random.next(below: 3) == 0 ? Carrier.allCases[random.next(below: 4)] : nil,
                    site: random.next(below: 6) == 0 ? "s\(random.next(below: 30))" : nil,
                    labels: random.next(below: 5) == 0 ? ["tier": "2"] : [:]
                )
            }
        }
        return Scope(
            include: selectors(random.next(below: 4)), exclude: selectors(random.next(below: 2)),
            capabilities: random.next(below: 3) == 0 ? ["l7lb"] : [])
    }
}
