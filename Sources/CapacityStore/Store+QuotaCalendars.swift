package import CapacityModel
import Postgres

/// What is reserved under one limit of a quota, from one moment on.
package struct QuotaCalendar: Hashable, Sendable {
    package struct Level: Hashable, Sendable {
        package var at: CapacityModel.Instant
        /// From `at` on, until the next level.
        package var reserved: Int64

        package init(at: CapacityModel.Instant, reserved: Int64) {
            self.at = at
            self.reserved = reserved
        }
    }

    package var quota: String
    package var scope: Scope
    /// When the quota holds.
    package var during: Quota.Stretch
    package var limit: Quota.Limit
    /// In the order of time; before the first, nothing is reserved.
    package var levels: [Level]

    package init(quota: String, scope: Scope, during: Quota.Stretch, limit: Quota.Limit, levels: [Level]) {
        self.quota = quota
        self.scope = scope
        self.during = during
        self.limit = limit
        self.levels = levels
    }
}

extension Store {
    /// Changes of levels that are read at once; what is beyond them is not known.
    private static let quotaLevelLimit = 20_000

    /// What is reserved under each limit of the tenant's quotas within `span`, and up to when that is all there is to know.
    package func quotaCalendars(
        of tenant: TenantID, within span: Window
    ) async throws(StoreError) -> (calendars: [QuotaCalendar], knownUntil: CapacityModel.Instant) {
        try await read { session in
            let rows = try session.rows(
                """
                SELECT * FROM muster.quota_calendar(
                    \(tenant.rawValue), tstzrange(\(span.start.postgres), \(span.end.postgres)), \(Self.quotaLevelLimit))
                """
            )
            let calendars = try Self.calendars(rows)
            let isCut = rows.count == Self.quotaLevelLimit
            let last = isCut ? try rows.last?.instantIfAny("at") : nil
            return (calendars, last ?? span.end)
        }
    }

    /// What is in use, from now on, under the quotas of tenants whose waiting orders they may keep waiting. A tenant whose limits by
    /// their bounds have room for all of them is left out: nothing has to be added up to know that.
    static func quotaCalendars(
        ofWaiting orders: [OrderRecord], in session: isolated Session
    ) throws -> [TenantID: [QuotaCalendar]] {
        guard let end = orders.map({ $0.window.end + $0.request.release.grace }).max() else { return [:] }
        let wants = Dictionary(grouping: orders, by: \.tenant).sorted { $0.key < $1.key }.map { tenant, orders in
            (
                tenant: tenant,
                wanted: orders.reduce(into: Resources.zero) { $0 += $1.request.spec.resources * $1.counts.waiting },
                count: orders.reduce(0) { $0 + $1.counts.waiting }
            )
        }
        let rows = try session.rows(
            """
            SELECT a.tenant_id, c.*
              FROM unnest(\(wants.map(\.tenant.rawValue)), \(wants.map(\.wanted.vcpuMilli)), \(wants.map(\.wanted.memoryMiB)),
                          \(wants.map(\.wanted.diskGiB)), \(wants.map(\.wanted.bandwidthMbps)), \(wants.map(\.wanted.gpuMilli)),
                          \(wants.map(\.count)))
                   AS a (tenant_id, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_milli, instances)
             CROSS JOIN LATERAL muster.quota_calendar(
                   a.tenant_id, tstzrange(muster.now(), greatest(muster.now(), \(end.postgres))), \(quotaLevelLimit)) c
             WHERE EXISTS (SELECT FROM muster.quota q
                             JOIN muster.quota_limit m USING (quota_id)
                            WHERE q.tenant_id = a.tenant_id
                              AND q.during && tstzrange(muster.now(), greatest(muster.now(), \(end.postgres)))
                              AND coalesce(m.at_most + muster.amount_of(m.resource, m.gpu_model, ROW(
                                      NULL, NULL, NULL, m.gpu_model, a.vcpu_milli, a.memory_mib, a.disk_gib, a.bandwidth_mbps,
                                      a.gpu_milli, a.instances)::muster.taking) > m.limit_amount, true))
             ORDER BY a.tenant_id, c.at NULLS FIRST
            """
        )
        let byTenant = try Dictionary(grouping: rows) { TenantID(rawValue: try $0.int64("tenant_id")) }
        return try byTenant.mapValues { try calendars($0) }
    }

    /// The calendars that rows of `muster.quota_calendar` make, in their order.
    private static func calendars(_ rows: some Sequence<Row>) throws -> [QuotaCalendar] {
        var calendars: [QuotaCalendar] = []
        var places: [String: Int] = [:]
        for row in rows {
            let (name, column) = (try row.text("name"), try row.text("resource"))
            let model = try row.textIfAny("gpu_model")
            guard let resource = Quota.Resource(column: column, model: model) else { continue }
            let key = "\(column) \(model ?? "") \(name)"
            let place = places[key] ?? calendars.count
            if places.updateValue(place, forKey: key) == nil {
                calendars.append(
                    QuotaCalendar(
                        quota: name, scope: try row.json("scope"),
                        during: Quota.Stretch(
                            from: try row.instantIfAny("from_at"), until: try row.instantIfAny("until_at")),
                        limit: Quota.Limit(resource, try row.int64("limit_amount")), levels: []))
            }
            if let at = try row.instantIfAny("at") {
                calendars[place].levels.append(.init(at: at, reserved: try row.int64("reserved")))
            }
        }
        return calendars
    }
}
