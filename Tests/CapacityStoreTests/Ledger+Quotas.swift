import CapacityModel
import CapacityStore
import Postgres
import Testing

extension Ledger {
    /// Gives the ledger's tenant a quota, asking for no revision.
    @discardableResult
    func allow(
        _ limits: [Quota.Limit], scope: Scope = .nationwide, from start: Int64? = nil, until end: Int64? = nil,
        name: String = "q"
    ) async throws -> QuotaRecord {
        let during = Quota.Stretch(
            from: start.map { Self.epoch + .seconds($0) }, until: end.map { Self.epoch + .seconds($0) })
        let quota = Quota(name: name, scope: scope, during: during, limits: limits)
        guard case .put(let record) = try await store.put(quota, of: "t", revision: nil) else { throw StoreError.stale }
        return record
    }

    /// What a quota says to `count` cores more on a host; `nil` where it says nothing.
    func excess(_ count: Int, on host: Int, from start: Int64, to end: Int64) async throws -> QuotaExcess? {
        do {
            try await take(count, on: host, from: start, to: end)
            return nil
        } catch .quotaExceeded(let excess) {
            return excess
        }
    }

    /// Adds one host at a site of Guangdong Unicom.
    func addSite() async throws -> Ledger {
        let site = NewSite(
            name: "4401-unicom-1", province: "44", city: "4401", carrier: .unicom, origin: "self",
            capabilities: ["l7lb"])
        let ten = Resources(vcpuMilli: 10_000, memoryMiB: 10_240, diskGiB: 100, bandwidthMbps: 1_000)
        _ = try await store.importFleet(
            sites: [site], hosts: [NewHost(site: site.name, name: "south", allocatable: ten)])
        let hosts = try await store.fleetSnapshot().hosts.map(\.id).sorted()
        return Ledger(store: store, tenant: tenant, hosts: hosts, order: order)
    }

    /// The most cores the tenant has at any instant, by another road than the guard's: counted anew at every start.
    func mostCores() async throws -> Int {
        let rows = try await store.pool.rows(
            """
            SELECT coalesce(max(cores), 0)::bigint AS most
              FROM (SELECT (SELECT sum(o.live_count) FROM muster.reservation o WHERE o.held @> lower(r.held)) AS cores
                      FROM muster.reservation r WHERE r.live_count > 0) c
            """
        )
        return try rows[0].decode("most", as: Int.self)
    }
}
