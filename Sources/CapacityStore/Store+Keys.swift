package import CapacityModel
import Postgres

/// Who calls, by the key he showed.
package struct Principal: Hashable, Sendable {
    package enum Role: Hashable, Sendable {
        case tenant(TenantID)
        case `operator`
        case agent
    }

    package var keyID: Int64
    package var role: Role
    /// The tenant's name, or the role's.
    package var name: String
}

extension Store {
    /// Who holds the key with this SHA-256; `nil` for an unknown or revoked one.
    package func principal(keyHash: [UInt8]) async throws(StoreError) -> Principal? {
        try await read { session in
            try session.rows(
                """
                SELECT k.api_key_id, k.role, k.tenant_id, coalesce(t.name, k.role) AS name
                  FROM muster.api_key k
                  LEFT JOIN muster.tenant t USING (tenant_id)
                 WHERE k.hash = \(keyHash)
                   AND k.revoked_at IS NULL
                """
            ).first.map { row in
                let tenant = try row.decode("tenant_id", as: Int64?.self).map { TenantID(rawValue: $0) }
                let role: Principal.Role =
                    if let tenant { .tenant(tenant) } else if try row.text("role") == "agent" { .agent } else {
                        .operator
                    }
                return Principal(keyID: try row.int64("api_key_id"), role: role, name: try row.text("name"))
            }
        }
    }

    /// Stores a key by its hash. A tenant that does not exist yet is made.
    package func createKey(
        role: String, tenant: String?, prefix: String, hash: [UInt8]
    ) async throws(StoreError) {
        try await transaction { session in
            if let tenant {
                try session.execute("INSERT INTO muster.tenant (name) VALUES (\(tenant)) ON CONFLICT (name) DO NOTHING")
            }
            try session.execute(
                """
                INSERT INTO muster.api_key (role, tenant_id, prefix, hash)
                VALUES (\(role), (SELECT tenant_id FROM muster.tenant WHERE name = \(tenant)::text), \(prefix), \(hash))
                """
            )
        }
    }
}
