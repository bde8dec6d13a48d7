package import CapacityModel
import Postgres

/// A tenant as operators see it.
package struct TenantRecord: Hashable, Sendable {
    package var name: String
    package var tenantClass: TenantClass
    package var createdAt: CapacityModel.Instant
}

/// Whose class is which.
extension Store {
    /// Puts a tenant into a class; the tenant as it then is, `nil` where there is none. What it has reserved counts for its
    /// new class from then on, and stays where it is.
    package func setClass(
        _ tenantClass: TenantClass, ofTenant name: String
    ) async throws(StoreError) -> TenantRecord? {
        try await transaction { session in
            try session.rows(
                """
                UPDATE muster.tenant SET class = \(tenantClass.rawValue) WHERE name = \(name)
                RETURNING name, class, created_at
                """
            ).first.map { try TenantRecord($0) }
        }
    }

    /// Up to `limit` tenants after the name `after`, by name; with `name`, that one.
    package func tenants(
        named name: String? = nil, after: String? = nil, limit: Int
    ) async throws(StoreError) -> [TenantRecord] {
        try await read { session in
            try session.rows(
                """
                SELECT name, class, created_at
                  FROM muster.tenant
                 WHERE name > \(after ?? "") AND (\(name)::text IS NULL OR name = \(name)::text)
                 ORDER BY name
                 LIMIT \(limit)
                """
            ).map { try TenantRecord($0) }
        }
    }
}

extension TenantRecord {
    fileprivate init(_ row: Row) throws {
        name = try row.text("name")
        tenantClass = TenantClass(rawValue: try row.text("class"))
        createdAt = try row.instant("created_at")
    }
}
