package import CapacityModel
package import Postgres

/// A running instance that moves, and the one that replaces it.
package struct OpenMove: Hashable, Sendable {
    package var old: InstanceID
    package var new: InstanceID
    package var step: InstanceMove.Step
}

/// Statements by which running instances move: a replacement first, and the old one's stop when that is ready.
extension Store {
    /// Rows of at most `limit` orders all of whose instances are ready and that run on for `rest`; the one that runs longest
    /// first. None with GPUs, none of an order that is bound to others, holds a spare, or has a move under way.
    package func runningRows(for rest: Duration, limit: Int) async throws(StoreError) -> [MovableRow] {
        try await read { session in
            try session.rows(
                """
                WITH owner AS (
                    SELECT o.order_id
                      FROM muster."order" o
                     WHERE o.state = \(OrderState.active.rawValue)
                       AND o.planned_count + o.assigned_count + o.starting_count + o.releasing_count = 0
                       AND o.gpu_count + o.gpu_share_milli = 0
                       AND o.survive_sites IS NULL
                       AND o.window_end > muster.now() + make_interval(secs => \(rest.wholeSeconds))
                       AND NOT EXISTS (SELECT FROM muster.order_affinity a
                                        WHERE o.order_id IN (a.order_id, a.other_order_id))
                       AND NOT EXISTS (SELECT FROM muster.instance_move m
                                        WHERE m.order_id = o.order_id AND m.ended_at IS NULL)
                     ORDER BY o.window_end DESC, o.order_id
                     LIMIT \(limit)
                )
                SELECT r.reservation_id, r.order_id, NULL::bigint AS hold_id, r.host_id, r.live_count,
                       lower(r.held) AS held_from, upper(r.held) AS held_until,
                       live_count * vcpu_milli AS vcpu_milli, live_count * memory_mib AS memory_mib,
                       live_count * disk_gib AS disk_gib, live_count * bandwidth_mbps AS bandwidth_mbps,
                       gpu_model, gpu_count
                  FROM owner o
                  JOIN muster.reservation r USING (order_id)
                 WHERE r.live_count > 0
                """
            ).map { try MovableRow($0) }
        }
    }

    /// Begins to move the instances of each row that still runs where it ran, all of it ready; returns the rows. Each has its
    /// replacements reserved on the other host as well, until the old ones are gone. The guard refuses all where one does
    /// not fit (``StoreError/oversold(_:)``), and so does a quota.
    package static func beginMoves(
        _ moves: [RowMove], rest: Duration, in session: isolated Session
    ) throws -> [(row: Int64, order: OrderID)] {
        let ids = moves.map(\.row.id)
        try session.execute(
            """
            SELECT FROM muster."order"
             WHERE order_id IN (SELECT order_id FROM muster.reservation WHERE reservation_id = ANY (\(ids)))
             ORDER BY order_id
               FOR NO KEY UPDATE
            """
        )
        let rows = try session.rows(
            """
            SELECT DISTINCT ON (r.order_id, m.to_host) r.reservation_id, r.order_id, r.live_count, m.to_host
              FROM unnest(\(ids), \(moves.map(\.row.host.rawValue)), \(moves.map(\.to.rawValue)))
                   AS m (reservation_id, from_host, to_host)
              JOIN muster.reservation r ON r.reservation_id = m.reservation_id AND r.host_id = m.from_host
              JOIN muster."order" o ON o.order_id = r.order_id
              JOIN muster.host f ON f.host_id = m.from_host
              JOIN muster.host t ON t.host_id = m.to_host AND t.site_id = f.site_id
             WHERE o.state = \(OrderState.active.rawValue)
               AND o.window_end > muster.now() + make_interval(secs => \(rest.wholeSeconds))
               AND r.live_count > 0
               AND r.gpu_devices IS NULL
               AND r.spare_count = 0
               AND NOT EXISTS (SELECT FROM muster.order_affinity a
                                WHERE r.order_id IN (a.order_id, a.other_order_id))
               AND NOT EXISTS (SELECT FROM muster.reservation s
                                WHERE s.order_id = r.order_id AND s.host_id = m.to_host AND s.live_count > 0)
               AND NOT EXISTS (SELECT FROM muster.instance i
                                WHERE i.reservation_id = r.reservation_id
                                  AND i.state IN ('planned', 'assigned', 'starting', 'releasing'))
               AND NOT EXISTS (SELECT FROM muster.instance i
                                 JOIN muster.instance_move u ON u.ended_at IS NULL
                                                            AND i.instance_id IN (u.instance_id, u.replacement_id)
                                WHERE i.reservation_id = r.reservation_id)
             ORDER BY r.order_id, m.to_host, r.reservation_id
            """
        )
        let begun = try rows.map { row in
            (row: try row.int64("reservation_id"), order: OrderID(rawValue: try row.int64("order_id")))
        }
        guard !begun.isEmpty else { return [] }
        let counts = try rows.map { try $0.int("live_count") }
        try askTwice(counts, of: begun.map(\.order), in: session)
        try replace(begun.map(\.row), on: try rows.map { try $0.int64("to_host") }, in: session)
        return begun
    }

    /// Counts the replacements as asked for and as given back again: the customer's count stays what it is.
    private static func askTwice(_ counts: [Int], of orders: [OrderID], in session: isolated Session) throws {
        try session.execute(
            """
            UPDATE muster."order" o
               SET requested_count = o.requested_count + n.count, waiting_count = o.waiting_count + n.count,
                   withdrawn_count = o.withdrawn_count + n.count
              FROM (SELECT order_id, sum(count)::integer AS count
                      FROM unnest(\(orders.map(\.rawValue)), \(counts)) AS n (order_id, count)
                     GROUP BY order_id) n
             WHERE o.order_id = n.order_id
            """
        )
    }

    /// Reserves the replacements and pairs each with the instance that it replaces. Not billed before that is over.
    private static func replace(_ rows: [Int64], on hosts: [Int64], in session: isolated Session) throws {
        try session.execute(
            """
            WITH wanted AS (
                SELECT r.reservation_id AS old_id, r.order_id, r.live_count, w.host_id
                  FROM unnest(\(rows), \(hosts)) AS w (reservation_id, host_id)
                  JOIN muster.reservation r USING (reservation_id)
            ), taken AS (
                INSERT INTO muster.reservation
                    (order_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps,
                     gpu_model, gpu_count, gpu_share_milli)
                SELECT o.order_id, w.host_id,
                       tstzrange(date_trunc('second', muster.now()),
                                 o.window_end + make_interval(secs => o.grace_seconds)),
                       w.live_count, w.live_count, o.vcpu_milli, o.memory_mib, o.disk_gib, o.bandwidth_mbps, o.gpu_model,
                       o.gpu_count, o.gpu_share_milli
                  FROM wanted w
                  JOIN muster."order" o USING (order_id)
                 ORDER BY w.host_id, o.order_id
             RETURNING reservation_id, order_id, host_id, instance_count
            ), made AS (
                INSERT INTO muster.instance (order_id, reservation_id, host_id, site_id, billed_from)
                SELECT t.order_id, t.reservation_id, t.host_id, h.site_id, o.window_end
                  FROM taken t
                  JOIN muster.host h USING (host_id)
                  JOIN muster."order" o USING (order_id)
                 CROSS JOIN generate_series(1, t.instance_count)
                 ORDER BY t.reservation_id
             RETURNING instance_id, order_id, host_id
            ), fresh AS (
                SELECT m.instance_id, m.order_id, w.old_id,
                       row_number() OVER (PARTITION BY w.old_id ORDER BY m.instance_id) AS place
                  FROM made m
                  JOIN wanted w USING (order_id, host_id)
            ), old AS (
                SELECT i.instance_id, i.reservation_id AS old_id,
                       row_number() OVER (PARTITION BY i.reservation_id ORDER BY i.instance_id) AS place
                  FROM muster.instance i
                 WHERE i.reservation_id = ANY (\(rows))
                   AND i.state = 'ready'
            )
            INSERT INTO muster.instance_move (replacement_id, instance_id, order_id)
            SELECT f.instance_id, old.instance_id, f.order_id
              FROM fresh f
              JOIN old USING (old_id, place)
            """
        )
    }

    /// What of a locked order moves, and what is to be done about it.
    package static func openMoves(of id: OrderID, in session: isolated Session) throws -> [OpenMove] {
        try session.rows(
            """
            SELECT m.state, m.instance_id, m.replacement_id, o.state AS old_state, n.state AS new_state
              FROM muster.instance_move m
              JOIN muster.instance o ON o.instance_id = m.instance_id
              JOIN muster.instance n ON n.instance_id = m.replacement_id
             WHERE m.order_id = \(id.rawValue)
               AND m.ended_at IS NULL
             ORDER BY m.replacement_id
            """
        ).map { row in
            OpenMove(
                old: InstanceID(rawValue: try row.int64("instance_id")),
                new: InstanceID(rawValue: try row.int64("replacement_id")),
                step: InstanceMove.step(
                    try row.choice("state"), old: try row.choice("old_state"), new: try row.choice("new_state")))
        }
    }

    /// Does what is to be done about `moves` of a locked order; returns the sites whose agents have something to stop.
    package static func advance(
        _ moves: [OpenMove], of id: OrderID, in session: isolated Session
    ) throws -> [SiteID] {
        func chosen(_ steps: InstanceMove.Step...) -> [OpenMove] { moves.filter { steps.contains($0.step) } }
        try bill(chosen(.finish, .finishForFailed), in: session)
        try set(.done, chosen(.finish, .finishForFailed), in: session)
        try set(.breaking, chosen(.breakOld), in: session)
        try set(.abandoned, chosen(.abandon, .giveBack), in: session)
        // A failed one counts as waiting again, and is replaced, or shall not be.
        try forget(chosen(.finishForFailed, .abandon).count, of: id, in: session)
        return try stop(
            chosen(.breakOld, .giveBack).map(\.old) + chosen(.giveBack).map(\.new), in: session)
    }

    private static func set(
        _ state: InstanceMove.State, _ moves: [OpenMove], in session: isolated Session
    ) throws {
        guard !moves.isEmpty else { return }
        let isOver = state == .done || state == .abandoned
        try session.execute(
            """
            UPDATE muster.instance_move
               SET state = \(state.rawValue), ended_at = CASE WHEN \(isOver) THEN muster.now() END
             WHERE replacement_id = ANY (\(moves.map(\.new.rawValue)))
            """
        )
    }

    /// The replacement is billed from the second in which the old one's bill ends.
    private static func bill(_ moves: [OpenMove], in session: isolated Session) throws {
        guard !moves.isEmpty else { return }
        try session.execute(
            """
            UPDATE muster.instance n
               SET billed_from = date_trunc('second', o.stopped_at)
              FROM muster.instance_move m
              JOIN muster.instance o ON o.instance_id = m.instance_id
             WHERE m.replacement_id = ANY (\(moves.map(\.new.rawValue)))
               AND n.instance_id = m.replacement_id
            """
        )
    }

    private static func forget(_ count: Int, of id: OrderID, in session: isolated Session) throws {
        guard count > 0 else { return }
        try session.execute(
            """
            UPDATE muster."order"
               SET waiting_count = waiting_count - least(waiting_count, \(count)),
                   refused_count = refused_count + least(waiting_count, \(count)),
                   replaced_count = least(failed_count, replaced_count + \(count))
             WHERE order_id = \(id.rawValue)
            """
        )
    }
}
