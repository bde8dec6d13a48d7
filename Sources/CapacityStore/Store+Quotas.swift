package import CapacityModel
import Postgres

/// Statements about what tenants may have at most. That they do not have more is the database's business.
extension Store {
    /// How many quotas a tenant may have: each is looked at by every order it might concern.
    package static let quotasOfTenant = 64

    /// Makes the quota, or replaces the tenant's of that name. What is in use may exceed it: nothing is taken away.
    ///
    /// - Parameter revision: The revision the operator looked at (`If-Match`); another one changes nothing.
    package func put(
        _ quota: Quota, of tenant: String, revision: Int64?
    ) async throws(StoreError) -> QuotaChangeOutcome {
        let refused: QuotaChangeOutcome? = try await transaction { session in
            guard let id = try Store.lockQuotas(of: tenant, in: session) else { return .noTenant }
            let current = try Store.revision(of: quota.name, tenant: id, in: session)
            if let revision, revision != current { return .revisionMismatch(current: current) }
            if current == nil {
                let count = try session.rows(
                    "SELECT count(*) AS count FROM muster.quota WHERE tenant_id = \(id.rawValue)")[0].int("count")
                guard count < Store.quotasOfTenant else { return .tooMany }
            }
            try Store.write(quota, tenant: id, in: session)
            return nil
        }
        if let refused { return refused }
        guard let record = try await quotas(of: tenant, named: quota.name).first else { throw .stale }
        return .put(record)
    }

    /// Takes the quota away.
    package func deleteQuota(
        _ name: String, of tenant: String, revision: Int64?
    ) async throws(StoreError) -> QuotaChangeOutcome {
        try await transaction { session in
            guard let id = try Store.lockQuotas(of: tenant, in: session) else { return .noTenant }
            guard let current = try Store.revision(of: name, tenant: id, in: session) else { return .noQuota }
            if let revision, revision != current { return .revisionMismatch(current: current) }
            try session.execute("DELETE FROM muster.quota WHERE tenant_id = \(id.rawValue) AND name = \(name)")
            return .deleted
        }
    }

    /// Whether there is such a tenant.
    package func hasTenant(_ name: String) async throws(StoreError) -> Bool {
        try await read { session in
            try !session.rows("SELECT 1 FROM muster.tenant WHERE name = \(name)").isEmpty
        }
    }

    /// The tenant's quotas by name, or the one named, with what is in use now and at the most from now on.
    package func quotas(of tenant: String, named name: String? = nil) async throws(StoreError) -> [QuotaRecord] {
        try await read { session in
            let rows = try session.rows(
                """
                WITH mine AS (
                    SELECT q.*
                      FROM muster.quota q
                      JOIN muster.tenant t USING (tenant_id)
                     WHERE t.name = \(tenant)
                       AND (\(name)::text IS NULL OR q.name = \(name)::text)
                )
                SELECT m.name, m.scope, lower(m.during) AS from_at, upper(m.during) AS until_at, m.revision, m.changed_at,
                       u.*
                  FROM mine m
                  JOIN muster.quota_use((SELECT array_agg(quota_id) FROM mine), tstzrange(muster.now(), NULL)) u
                       USING (quota_id)
                 ORDER BY m.name, u.resource, u.gpu_model NULLS FIRST
                """
            )
            return try rows.reduce(into: []) { records, row in
                let use = try QuotaUse(row)
                let name = try row.text("name")
                if records.last?.quota.name == name {
                    records[records.count - 1].quota.limits.append(use.limit)
                    records[records.count - 1].uses.append(use)
                } else {
                    let quota = Quota(
                        name: name, scope: try row.json("scope"), during: try Quota.Stretch(row), limits: [use.limit])
                    records.append(
                        QuotaRecord(
                            tenant: tenant, quota: quota, revision: try row.int64("revision"),
                            changedAt: try row.instant("changed_at"), uses: [use]
                        )
                    )
                }
            }
        }
    }

    /// Locks what quotas the tenant has against all who take capacity for it; `nil` where there is no such tenant.
    private static func lockQuotas(of tenant: String, in session: isolated Session) throws -> TenantID? {
        let row = try session.rows("SELECT tenant_id FROM muster.tenant WHERE name = \(tenant)").first
        guard let id = try row?.int64("tenant_id") else { return nil }
        try session.execute("SELECT muster.lock_quota_terms(\([id]))")
        return TenantID(rawValue: id)
    }

    private static func revision(
        of name: String, tenant: TenantID, in session: isolated Session
    ) throws -> Int64? {
        try session.rows("SELECT revision FROM muster.quota WHERE tenant_id = \(tenant.rawValue) AND name = \(name)")
            .first?.int64("revision")
    }

    private static func write(_ quota: Quota, tenant: TenantID, in session: isolated Session) throws {
        let row = try session.rows(
            """
            INSERT INTO muster.quota (tenant_id, name, scope, during)
            VALUES (\(tenant.rawValue), \(quota.name), \(try JSON(encoding: quota.scope)),
                    tstzrange(\(quota.during.from?.postgres), \(quota.during.until?.postgres)))
            ON CONFLICT (tenant_id, name) DO UPDATE
               SET scope = excluded.scope, during = excluded.during, revision = quota.revision + 1,
                   changed_at = muster.now()
            RETURNING quota_id
            """
        )[0]
        let id = try row.int64("quota_id")
        try session.execute("DELETE FROM muster.quota_limit WHERE quota_id = \(id)")
        try session.execute(
            """
            INSERT INTO muster.quota_limit (quota_id, resource, gpu_model, limit_amount)
            SELECT \(id), resource, gpu_model, amount
              FROM unnest(\(quota.limits.map(\.resource.column)), \(quota.limits.map(\.resource.model)),
                          \(quota.limits.map(\.amount))) AS l (resource, gpu_model, amount)
            """
        )
    }
}

package enum QuotaChangeOutcome: Hashable, Sendable {
    case put(QuotaRecord)
    case deleted
    case noTenant
    case noQuota
    case revisionMismatch(current: Int64?)
    /// The tenant has ``Store/quotasOfTenant`` already.
    case tooMany
}

extension Quota.Stretch {
    fileprivate init(_ row: Row) throws {
        self.init(from: try row.instantIfAny("from_at"), until: try row.instantIfAny("until_at"))
    }
}
