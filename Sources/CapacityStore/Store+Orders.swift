package import CapacityModel
import Postgres

extension Store {
    /// All columns of an order and its rates, for ``OrderRecord``.
    static let orderColumns: Statement =
        """
        o.*, (SELECT coalesce(jsonb_agg(jsonb_build_object('area', p.area, 'currency', p.currency,
                                                           'instanceHourMicro', p.instance_hour_micro)
                                        ORDER BY p.area), '[]')
                FROM muster.order_price p WHERE p.order_id = o.order_id) AS rates,
             (SELECT jsonb_agg(jsonb_build_object('kind', a.kind, 'order', a.other_order_id, 'level', a.level,
                                                  'whenUnsatisfiable', a.when_unsatisfiable, 'kept', a.kept)
                               ORDER BY a.order_affinity_id)
                FROM muster.order_affinity a WHERE a.order_id = o.order_id) AS affinities,
             CASE WHEN o.survive_sites IS NULL THEN 0
                  ELSE (SELECT coalesce(sum(r.spare_count), 0)::integer
                          FROM muster.reservation r WHERE r.order_id = o.order_id AND r.spare_count > 0) END AS spare_count
        """

    /// The order with `id`; `nil` where there is none, or where it is another tenant's. No tenant means any.
    package func order(_ id: OrderID, tenant: TenantID?) async throws(StoreError) -> OrderRecord? {
        try await read { session in
            try session.rows(
                """
                SELECT \(statement: Store.orderColumns)
                  FROM muster."order" o
                 WHERE o.order_id = \(id.rawValue)
                   AND (\(tenant?.rawValue)::bigint IS NULL OR o.tenant_id = \(tenant?.rawValue)::bigint)
                """
            ).first.map { try OrderRecord($0) }
        }
    }

    /// The orders with `ids`, whoever's they are; in no order.
    package func orders(_ ids: [OrderID]) async throws(StoreError) -> [OrderRecord] {
        try await read { session in
            try session.rows(
                """
                SELECT \(statement: Store.orderColumns)
                  FROM muster."order" o
                 WHERE o.order_id = ANY (\(ids.map(\.rawValue)))
                """
            ).map { try OrderRecord($0) }
        }
    }

    /// Up to `limit` orders made before `before`, newest first.
    package func orders(
        tenant: TenantID?, before: OrderID?, limit: Int
    ) async throws(StoreError) -> [OrderRecord] {
        try await read { session in
            try session.rows(
                """
                SELECT \(statement: Store.orderColumns)
                  FROM muster."order" o
                 WHERE (\(tenant?.rawValue)::bigint IS NULL OR o.tenant_id = \(tenant?.rawValue)::bigint)
                   AND (\(before?.rawValue)::bigint IS NULL OR o.order_id < \(before?.rawValue)::bigint)
                 ORDER BY o.order_id DESC
                 LIMIT \(limit)
                """
            ).map { try OrderRecord($0) }
        }
    }

    /// Where the instances of these orders are, by site, host and its GPUs: failed ones and those scaled away left out, and of one
    /// that moves the one that does not serve. An order without any is left out.
    package func groups(of ids: [OrderID]) async throws(StoreError) -> [OrderID: [PlacedGroup]] {
        try await read { session in
            let rows = try session.rows(
                """
                SELECT i.order_id, h.host_id, s.name AS site, h.name AS host, s.province, s.city, s.carrier,
                       count(*) AS count, r.gpu_devices
                  FROM muster.instance i
                  JOIN muster.reservation r ON r.reservation_id = i.reservation_id
                  JOIN muster.host h ON h.host_id = i.host_id
                  JOIN muster.site s ON s.site_id = i.site_id
                  JOIN muster."order" o ON o.order_id = i.order_id
                 WHERE i.order_id = ANY (\(ids.map(\.rawValue)))
                   AND i.state <> 'failed'
                   AND (o.cancelled_at IS NOT NULL
                        OR i.desire = 'run' AND (i.state <> 'released' OR i.assignment_sequence IS NOT NULL))
                   AND NOT EXISTS (SELECT FROM muster.instance_move m
                                    WHERE m.replacement_id = i.instance_id AND m.state = 'making')
                 GROUP BY i.order_id, h.host_id, s.name, h.name, s.province, s.city, s.carrier, r.gpu_devices
                 ORDER BY i.order_id, s.name, h.name, r.gpu_devices
                """
            )
            return try rows.reduce(into: [:]) { groups, row in
                let id = OrderID(rawValue: try row.int64("order_id"))
                groups[id, default: []].append(try PlacedGroup(row))
            }
        }
    }

    /// Up to `limit` instances of an order after `after`, in the order of their ids.
    package func instances(
        of id: OrderID, after: InstanceID?, limit: Int
    ) async throws(StoreError) -> [InstanceRecord] {
        try await read { session in
            try session.rows(
                """
                SELECT i.instance_id, s.name AS site, h.name AS host, s.province, i.address, i.state, i.state_since,
                       i.message, r.gpu_devices
                  FROM muster.instance i
                  JOIN muster.reservation r ON r.reservation_id = i.reservation_id
                  JOIN muster.host h ON h.host_id = i.host_id
                  JOIN muster.site s ON s.site_id = i.site_id
                 WHERE i.order_id = \(id.rawValue)
                   AND i.instance_id > \(after?.rawValue ?? 0)
                 ORDER BY i.instance_id
                 LIMIT \(limit)
                """
            ).map { row in
                InstanceRecord(
                    id: InstanceID(rawValue: try row.int64("instance_id")),
                    site: try row.text("site"),
                    host: try row.text("host"),
                    province: try row.text("province"),
                    address: try row.textIfAny("address"),
                    state: try row.choice("state"),
                    since: try row.instant("state_since"),
                    message: try row.textIfAny("message"),
                    devices: try row.devices()
                )
            }
        }
    }

    /// Up to `limit` events of an order after number `after`.
    package func events(
        of id: OrderID, after: Int64, limit: Int
    ) async throws(StoreError) -> [OrderEventRecord] {
        try await read { session in
            try session.rows(
                """
                SELECT sequence, kind, at, state, requested, waiting, refused, planned, assigned, starting, ready,
                       releasing, released, failed
                  FROM muster.order_event
                 WHERE order_id = \(id.rawValue)
                   AND sequence > \(after)
                 ORDER BY sequence
                 LIMIT \(limit)
                """
            ).map { row in
                OrderEventRecord(
                    sequence: try row.int64("sequence"),
                    kind: try row.choice("kind"),
                    at: try row.instant("at"),
                    state: try row.choice("state"),
                    counts: try OrderCounts(row, suffix: "")
                )
            }
        }
    }
}

/// One instance as its order shows it.
package struct InstanceRecord: Hashable, Sendable {
    package var id: InstanceID
    package var site: String
    package var host: String
    package var province: String
    package var address: String?
    package var state: Instance.State
    package var since: CapacityModel.Instant
    package var message: String?
    /// The GPUs of the host that it is on, by index.
    package var devices: [Int]
}

/// One event of an order, numbered without gaps.
package struct OrderEventRecord: Hashable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case counts, state
    }

    package var sequence: Int64
    package var kind: Kind
    package var at: CapacityModel.Instant
    package var state: OrderState
    package var counts: OrderCounts
}
