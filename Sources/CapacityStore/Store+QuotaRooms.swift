package import CapacityModel
package import Postgres

/// What one limit of a quota leaves within a stretch of time, for planners. The database has the last word.
package struct QuotaRoom: Hashable, Sendable {
    package var quota: String
    package var scope: Scope
    /// When the quota begins, where it has a beginning.
    package var from: CapacityModel.Instant?
    package var use: QuotaUse

    package init(quota: String, scope: Scope, from: CapacityModel.Instant?, use: QuotaUse) {
        self.quota = quota
        self.scope = scope
        self.from = from
        self.use = use
    }
}

extension Store {
    /// What the tenant's quotas leave for `demand`, and the most that is in use under each limit within its window. A quota that
    /// by its bounds has room enough for all of it is left out: nothing has to be added up to know that.
    ///
    /// - Parameter others: What may be placed instead, in the same window: a quota that could keep any of them out is there.
    package func quotaRooms(
        of tenant: TenantID, for demand: Demand, else others: [Demand] = []
    ) async throws(StoreError) -> [QuotaRoom] {
        try await read { session in try Store.quotaRooms(of: tenant, for: demand, else: others, in: session) }
    }

    /// As ``quotaRooms(of:for:else:)``, with what the transaction itself has taken.
    package static func quotaRooms(
        of tenant: TenantID, for demand: Demand, else others: [Demand] = [], in session: isolated Session
    ) throws -> [QuotaRoom] {
        precondition(
            others.allSatisfy { $0.held == demand.held }, "alternatives are of one order, and so of one window")
        let demands = [demand] + others
        let asked = demands.map { $0.unit * $0.count }
        let (start, end) = (demand.held.start.postgres, demand.held.end.postgres)
        return try session.rows(
            """
            SELECT q.name, q.scope, lower(q.during) AS from_at, u.*
              FROM (SELECT array_agg(DISTINCT q.quota_id) AS quotas
                      FROM muster.quota q
                      JOIN muster.quota_limit m USING (quota_id)
                      JOIN unnest(\(asked.map(\.gpuModel)), \(asked.map(\.vcpuMilli)), \(asked.map(\.memoryMiB)),
                                  \(asked.map(\.diskGiB)), \(asked.map(\.bandwidthMbps)), \(asked.map(\.gpuMilli)),
                                  \(demands.map(\.count)))
                           AS a (gpu_model, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_milli, instances)
                        ON coalesce(m.at_most + muster.amount_of(m.resource, m.gpu_model, ROW(
                               NULL, NULL, NULL, a.gpu_model, a.vcpu_milli, a.memory_mib, a.disk_gib, a.bandwidth_mbps,
                               a.gpu_milli, a.instances)::muster.taking) > m.limit_amount, true)
                     WHERE q.tenant_id = \(tenant.rawValue)
                       AND q.during && tstzrange(\(start), \(end))
                    HAVING count(*) > 0) mine
             CROSS JOIN LATERAL muster.quota_use(mine.quotas, tstzrange(\(start), \(end))) u
              JOIN muster.quota q USING (quota_id)
             ORDER BY q.quota_id, u.resource, u.gpu_model NULLS FIRST
            """
        ).map { try QuotaRoom($0) }
    }
}

extension QuotaRoom {
    fileprivate init(_ row: Row) throws {
        self.init(
            quota: try row.text("name"), scope: try row.json("scope"), from: try row.instantIfAny("from_at"),
            use: try QuotaUse(row)
        )
    }
}
