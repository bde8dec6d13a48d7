package import CapacityModel
import Postgres

/// A row of the ledger of which nothing has begun, and whose it is.
package struct MovableRow: Hashable, Sendable {
    package enum Owner: Hashable, Sendable {
        case order(OrderID)
        case hold(HoldID)
    }

    package var row: LedgerRow
    package var owner: Owner
    package var count: Int
}

/// A row and the host of its site that it shall go to.
package struct RowMove: Hashable, Sendable {
    package var row: LedgerRow
    package var to: HostID

    package init(row: LedgerRow, to: HostID) {
        self.row = row
        self.to = to
    }
}

/// Statements that move what has not begun to other hosts.
extension Store {
    /// All rows of at most `limit` orders and holds, the soonest first: of orders that begin after `lead` and of which no
    /// agent knows anything, and of holds, on which nothing runs at all. None with GPUs.
    package func movableRows(after lead: Duration, limit: Int) async throws(StoreError) -> [MovableRow] {
        try await read { session in
            try session.rows(
                """
                WITH owner AS (
                    (SELECT o.order_id, NULL::bigint AS hold_id, o.window_start
                       FROM muster."order" o
                      WHERE o.state = \(OrderState.accepted.rawValue)
                        AND o.gpu_count + o.gpu_share_milli = 0
                        AND NOT EXISTS (SELECT FROM muster.order_affinity a
                                         WHERE o.order_id IN (a.order_id, a.other_order_id))
                        AND o.window_start - make_interval(secs => o.lead_seconds)
                            > muster.now() + make_interval(secs => \(lead.wholeSeconds))
                        AND NOT EXISTS (SELECT FROM muster.instance i
                                         WHERE i.order_id = o.order_id AND i.assignment_sequence IS NOT NULL))
                    UNION ALL
                    (SELECT NULL, h.hold_id, h.window_start
                       FROM muster.hold h
                      WHERE h.state = \(HoldState.held.rawValue)
                        AND h.gpu_count + h.gpu_share_milli = 0)
                    ORDER BY window_start, order_id, hold_id
                    LIMIT \(limit)
                ), mine AS (
                    SELECT r.* FROM owner o JOIN muster.reservation r ON r.order_id = o.order_id
                    UNION ALL
                    SELECT r.* FROM owner o JOIN muster.reservation r ON r.hold_id = o.hold_id
                )
                SELECT reservation_id, order_id, hold_id, host_id, live_count,
                       lower(held) AS held_from, upper(held) AS held_until,
                       live_count * vcpu_milli AS vcpu_milli, live_count * memory_mib AS memory_mib,
                       live_count * disk_gib AS disk_gib, live_count * bandwidth_mbps AS bandwidth_mbps,
                       gpu_model, gpu_count
                  FROM mine
                 WHERE live_count > 0
                """
            ).map { try MovableRow($0) }
        }
    }

    /// Moves each row that still stands where it stood, for as long, with nothing of it begun, and its instances with it;
    /// returns the rows that moved. The guard refuses all of them where one does not fit
    /// (``StoreError/oversold(_:)``).
    package func move(_ moves: [RowMove]) async throws(StoreError) -> Set<Int64> {
        try await transaction { session in
            let ids = moves.map(\.row.id)
            // Holds and instances first, as drawing and reporting lock them: the other way round they would wait for each
            // other.
            try session.execute(
                """
                SELECT FROM muster.hold
                 WHERE hold_id IN (SELECT hold_id FROM muster.reservation WHERE reservation_id = ANY (\(ids)))
                 ORDER BY hold_id
                   FOR NO KEY UPDATE
                """
            )
            try session.execute(
                """
                SELECT FROM muster.instance
                 WHERE reservation_id = ANY (\(ids))
                 ORDER BY instance_id
                   FOR NO KEY UPDATE
                """
            )
            return try Store.relocate(moves, in: session)
        }
    }

    private static func relocate(_ moves: [RowMove], in session: isolated Session) throws -> Set<Int64> {
        let rows = try session.rows(
            """
            UPDATE muster.reservation r
               SET host_id = m.to_host
              FROM unnest(\(moves.map(\.row.id)), \(moves.map(\.row.host.rawValue)), \(moves.map(\.to.rawValue)),
                          \(moves.map(\.row.held.start.postgres)), \(moves.map(\.row.held.end.postgres)))
                   AS m (reservation_id, from_host, to_host, held_from, held_until)
              JOIN muster.host f ON f.host_id = m.from_host
              JOIN muster.host t ON t.host_id = m.to_host AND t.site_id = f.site_id
             WHERE r.reservation_id = m.reservation_id
               AND r.host_id = m.from_host
               AND r.held = tstzrange(m.held_from, m.held_until)
               AND r.live_count > 0
               AND r.gpu_devices IS NULL
               AND NOT EXISTS (SELECT FROM muster.order_affinity a
                                WHERE r.order_id IN (a.order_id, a.other_order_id))
               AND (r.hold_id IS NOT NULL OR lower(r.held) > muster.now())
               AND NOT EXISTS (SELECT FROM muster.instance i
                                WHERE i.reservation_id = r.reservation_id AND i.assignment_sequence IS NOT NULL)
            RETURNING r.reservation_id
            """
        )
        let moved = try rows.map { try $0.int64("reservation_id") }
        try session.execute(
            """
            UPDATE muster.instance i
               SET host_id = r.host_id
              FROM muster.reservation r
             WHERE r.reservation_id = i.reservation_id
               AND r.reservation_id = ANY (\(moved))
            """
        )
        return Set(moved)
    }
}

extension MovableRow {
    init(_ row: Row) throws {
        self.init(
            row: LedgerRow(
                id: try row.int64("reservation_id"), host: HostID(rawValue: try row.int64("host_id")),
                held: try row.window("held_from", "held_until"), amounts: try row.resources(), devices: []),
            owner: try Owner(row), count: try row.int("live_count"))
    }
}
