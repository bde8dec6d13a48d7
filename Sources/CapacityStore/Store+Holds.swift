package import CapacityModel
import Postgres

/// What there is to see of holds.
extension Store {
    /// The hold with `id`; `nil` where there is none, or where it is another tenant's. No tenant means any.
    package func hold(_ id: HoldID, tenant: TenantID?) async throws(StoreError) -> HoldRecord? {
        try await read { session in
            try session.rows(
                """
                SELECT *
                  FROM muster.hold
                 WHERE hold_id = \(id.rawValue)
                   AND (\(tenant?.rawValue)::bigint IS NULL OR tenant_id = \(tenant?.rawValue)::bigint)
                """
            ).first.map { try HoldRecord($0) }
        }
    }

    /// Up to `limit` holds made before `before`, newest first.
    package func holds(tenant: TenantID?, before: HoldID?, limit: Int) async throws(StoreError) -> [HoldRecord] {
        try await read { session in
            try session.rows(
                """
                SELECT *
                  FROM muster.hold
                 WHERE (\(tenant?.rawValue)::bigint IS NULL OR tenant_id = \(tenant?.rawValue)::bigint)
                   AND (\(before?.rawValue)::bigint IS NULL OR hold_id < \(before?.rawValue)::bigint)
                 ORDER BY hold_id DESC
                 LIMIT \(limit)
                """
            ).map { try HoldRecord($0) }
        }
    }

    /// What these holds still hold, by site, host and its GPUs. A hold with nothing left is left out.
    package func groups(ofHolds ids: [HoldID]) async throws(StoreError) -> [HoldID: [PlacedGroup]] {
        try await read { session in
            let rows = try session.rows(
                """
                SELECT r.hold_id, h.host_id, s.name AS site, h.name AS host, s.province, s.city, s.carrier,
                       r.live_count AS count, r.gpu_devices
                  FROM muster.reservation r
                  JOIN muster.host h ON h.host_id = r.host_id
                  JOIN muster.site s ON s.site_id = h.site_id
                 WHERE r.hold_id = ANY (\(ids.map(\.rawValue)))
                   AND r.live_count > 0
                 ORDER BY r.hold_id, s.name, h.name, r.gpu_devices
                """
            )
            return try rows.reduce(into: [:]) { groups, row in
                groups[HoldID(rawValue: try row.int64("hold_id")), default: []].append(try PlacedGroup(row))
            }
        }
    }

    /// The hold that `idempotency` made before, if any.
    package func earlierHold(
        _ idempotency: Idempotency, of tenant: TenantID
    ) async throws(StoreError) -> Idempotency.Earlier<HoldID>? {
        try await read { session in
            try session.rows(
                """
                SELECT hold_id, hold_id IS NOT NULL AND body_hash = \(idempotency.bodyHash) AS same
                  FROM muster.idempotency
                 WHERE tenant_id = \(tenant.rawValue)
                   AND key = \(idempotency.key)
                """
            ).first.map { row in
                try row.decode("same", as: Bool.self)
                    ? .sameBody(HoldID(rawValue: try row.int64("hold_id"))) : .otherBody
            }
        }
    }
}
