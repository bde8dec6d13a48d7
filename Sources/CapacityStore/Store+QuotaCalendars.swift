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
            let isCut = rows.count == Self.quotaLevelLimit
            let last = isCut ? try rows.last?.instantIfAny("at") : nil
            return (calendars, last ?? span.end)
        }
    }
}
