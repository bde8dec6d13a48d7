package import CapacityModel
import Postgres

/// What a closure meets: everything reserved on its hosts within its span.
package struct Impact: Hashable, Sendable {
    package struct Reservation: Hashable, Sendable {
        package enum Owner: Hashable, Sendable {
            case order(OrderID)
            case hold(HoldID)
        }

        package var owner: Owner
        package var tenant: String
        package var site: String
        package var host: String
        /// What the ledger takes: lead and grace included.
        package var held: Window
        package var count: Int
        /// Whether it has begun.
        package var isRunning: Bool
    }

    /// Those that begin first, no more than were asked for.
    package var listed: [Reservation]
    /// Of all, also of those that `listed` leaves out.
    package var reservations: Int
    package var instances: Int
    package var runningInstances: Int
}

extension Store {
    /// What the closure with `id` meets; nothing once it is lifted.
    package func impact(of id: ClosureID, limit: Int) async throws(StoreError) -> Impact {
        try await read { session in
            let rows = try session.rows(
                """
                SELECT r.order_id, r.hold_id, t.name AS tenant, s.name AS site, h.name AS host,
                       lower(r.held) AS held_from, upper(r.held) AS held_until, r.live_count,
                       lower(r.held) <= muster.now() AND r.live_count > r.spare_count AS is_running,
                       count(*) OVER () AS reservations,
                       sum(r.live_count) OVER ()::bigint AS instances,
                       coalesce(sum(r.live_count - r.spare_count) FILTER (WHERE lower(r.held) <= muster.now()) OVER (), 0)::bigint
                           AS running_instances
                  FROM muster.host_closure_now c
                  JOIN muster.reservation r ON r.host_id = c.host_id AND r.live_count > 0 AND r.held && c.span
                  JOIN muster.host h ON h.host_id = r.host_id
                  JOIN muster.site s ON s.site_id = h.site_id
                  LEFT JOIN muster."order" o ON o.order_id = r.order_id
                  LEFT JOIN muster.hold d ON d.hold_id = r.hold_id
                  JOIN muster.tenant t ON t.tenant_id = coalesce(o.tenant_id, d.tenant_id)
                 WHERE c.closure_id = \(id.rawValue)
                 ORDER BY lower(r.held), r.reservation_id
                 LIMIT \(limit)
                """
            )
            return Impact(
                listed: try rows.map { try Impact.Reservation($0) },
                reservations: try rows.first?.int("reservations") ?? 0,
                instances: try rows.first?.int("instances") ?? 0,
                runningInstances: try rows.first?.int("running_instances") ?? 0
            )
        }
    }
}

extension Impact.Reservation {
    fileprivate init(_ row: Row) throws {
        let order = try row.decode("order_id", as: Int64?.self)
        owner = try order.map { .order(OrderID(rawValue: $0)) } ?? .hold(HoldID(rawValue: try row.int64("hold_id")))
        tenant = try row.text("tenant")
        site = try row.text("site")
        host = try row.text("host")
        held = try row.window("held_from", "held_until")
        count = try row.int("live_count")
        isRunning = try row.decode("is_running", as: Bool.self)
    }
}
