package import CapacityModel
package import Postgres

/// What a reconciler finds: an order, locked until the end of the transaction, and what time it is.
package struct OrderWork: Sendable {
    package var order: OrderRecord
    package var now: CapacityModel.Instant
}

/// Statements by which an order is brought from window's start to receipt. Each locks in the order: order, assignment
/// cursors by site, instances, hosts by id.
extension Store {
    /// Locks the order and reads it.
    package static func lockOrder(_ id: OrderID, in session: isolated Session) throws -> OrderWork? {
        let found = try session.rows("SELECT 1 FROM muster.\"order\" WHERE order_id = \(id.rawValue) FOR NO KEY UPDATE")
        guard !found.isEmpty else { return nil }
        return try session.rows(
            """
            SELECT \(statement: orderColumns), muster.now() AS now FROM muster."order" o WHERE o.order_id = \(id.rawValue)
            """
        ).first.map { OrderWork(order: try OrderRecord($0), now: try $0.instant("now")) }
    }

    /// Moves a locked order along one drawn arrow. What is released needs no spare any more: nothing runs on it, so it is free
    /// at once.
    package static func move(
        _ id: OrderID, from state: OrderState, on event: OrderState.Event, in session: isolated Session
    ) throws {
        guard let next = state.after(event) else { throw StoreError.stale }
        let moved = try session.execute(
            """
            UPDATE muster."order"
               SET state = \(next.rawValue), state_since = muster.now()
             WHERE order_id = \(id.rawValue)
               AND state = \(state.rawValue)
            """
        )
        guard moved == 1 else { throw StoreError.stale }
        if next == .releasing { try freeSpare(of: id, in: session) }
    }

    /// Hands every planned instance of an order over to its site's agent; returns the sites.
    package static func assign(_ id: OrderID, in session: isolated Session) throws -> [SiteID] {
        try handOver(
            where: "i.order_id = \(id.rawValue) AND i.state = 'planned'", setting: "state = 'assigned'", in: session)
    }

    /// Tells the agents of an order's running instances its new window; returns the sites.
    package static func reassign(_ id: OrderID, in session: isolated Session) throws -> [SiteID] {
        try handOver(
            where: "i.order_id = \(id.rawValue) AND i.state IN ('assigned', 'starting', 'ready')",
            setting: "desire = i.desire",
            in: session
        )
    }

    /// Stops up to `limit` live instances of an order before its end, those least far along first; returns the sites.
    ///
    /// What no agent knows is over at once; the others are over when their agents say so. Of an instance that moves it is the
    /// old one that counts; what should replace it follows.
    package static func stop(_ id: OrderID, limit: Int, in session: isolated Session) throws -> [SiteID] {
        let dropped = try session.execute(
            """
            UPDATE muster.instance SET state = 'released', state_since = muster.now(), stopped_at = muster.now()
             WHERE instance_id IN (SELECT instance_id FROM muster.instance
                                    WHERE order_id = \(id.rawValue) AND state = 'planned'
                                      AND \(statement: isNoReplacement)
                                    ORDER BY instance_id DESC LIMIT \(limit))
            """
        )
        guard dropped < limit else { return [] }
        return try handOver(
            where: """
                i.instance_id IN (SELECT instance_id FROM muster.instance
                                   WHERE order_id = \(id.rawValue) AND state IN ('assigned', 'starting', 'ready')
                                     AND \(statement: isNoReplacement)
                                   ORDER BY array_position(ARRAY['assigned', 'starting', 'ready'], state), instance_id DESC
                                   LIMIT \(limit - dropped))
                """,
            setting: "state = 'releasing', desire = 'stop'",
            in: session
        )
    }

    static var isNoReplacement: Statement {
        """
        NOT EXISTS (SELECT FROM muster.instance_move m
                     WHERE m.replacement_id = instance.instance_id AND m.state = 'making')
        """
    }

    /// Stops these instances before their order's end, those that do not stop or are not over anyway; returns the sites.
    static func stop(_ ids: [InstanceID], in session: isolated Session) throws -> [SiteID] {
        guard !ids.isEmpty else { return [] }
        try session.execute(
            """
            UPDATE muster.instance SET state = 'released', state_since = muster.now(), stopped_at = muster.now()
             WHERE instance_id = ANY (\(ids.map(\.rawValue))) AND state = 'planned'
            """
        )
        return try handOver(
            where: """
                i.instance_id = ANY (\(ids.map(\.rawValue))) AND i.state IN ('assigned', 'starting', 'ready')
                """,
            setting: "state = 'releasing', desire = 'stop'",
            in: session
        )
    }

    /// Gives the chosen instances the next sequences of their sites and a higher epoch, so that agents see them anew.
    static func handOver(
        where condition: Statement, setting change: Statement, in session: isolated Session
    ) throws -> [SiteID] {
        try session.rows(
            """
            WITH chosen AS MATERIALIZED (
                SELECT i.instance_id, i.site_id FROM muster.instance i WHERE \(statement: condition)
            ), wanted AS (
                SELECT site_id, count(*) AS count FROM chosen GROUP BY site_id
            ), locked AS MATERIALIZED (
                SELECT c.site_id FROM muster.assignment_cursor c
                 WHERE c.site_id IN (SELECT site_id FROM wanted)
                 ORDER BY c.site_id FOR NO KEY UPDATE
            ), drawn AS (
                UPDATE muster.assignment_cursor c
                   SET sequence = c.sequence + w.count
                  FROM wanted w
                  JOIN locked USING (site_id)
                 WHERE c.site_id = w.site_id
             RETURNING c.site_id, c.sequence - w.count AS base
            ), numbered AS (
                SELECT c.instance_id, c.site_id,
                       d.base + row_number() OVER (PARTITION BY c.site_id ORDER BY c.instance_id) AS sequence
                  FROM chosen c
                  JOIN drawn d USING (site_id)
            ), handed AS (
                UPDATE muster.instance i
                   SET \(statement: change), epoch = i.epoch + 1, assignment_sequence = n.sequence,
                       state_since = muster.now()
                  FROM numbered n
                 WHERE i.instance_id = n.instance_id
             RETURNING i.site_id
            )
            SELECT DISTINCT site_id FROM handed ORDER BY site_id
            """
        ).map { SiteID(rawValue: try $0.int64("site_id")) }
    }

    /// The window has ended: agents stop by themselves, so nothing is sent; what no agent knows is over at once.
    package static func release(_ id: OrderID, in session: isolated Session) throws {
        try session.execute(
            """
            UPDATE muster.instance
               SET state = CASE state WHEN 'planned' THEN 'released' ELSE 'releasing' END,
                   stopped_at = CASE state WHEN 'planned' THEN muster.now() END,
                   state_since = muster.now()
             WHERE order_id = \(id.rawValue)
               AND state IN ('planned', 'assigned', 'starting', 'ready')
            """
        )
    }

    /// Ends instances whose agents have been silent for `silence` since what they were told was over: their own fence has
    /// stopped them by then. The end they may know is that of the reservation, which a shortened or cancelled order
    /// leaves where it was. Returns how many.
    package static func fence(_ id: OrderID, silentFor silence: Duration, in session: isolated Session) throws -> Int {
        try session.execute(
            """
            UPDATE muster.instance i
               SET state = 'released', state_since = muster.now(), stopped_at = muster.now(),
                   message = 'the agent was silent; its own fence had passed'
              FROM muster.reservation r, muster.site_agent a
             WHERE i.order_id = \(id.rawValue)
               AND i.state = 'releasing'
               AND r.reservation_id = i.reservation_id
               AND a.site_id = i.site_id
               AND muster.now() > upper(r.held) + make_interval(secs => \(silence.wholeSeconds))
               AND coalesce(a.seen_at, '-infinity') < muster.now() - make_interval(secs => \(silence.wholeSeconds))
            """
        )
    }

    /// Counts `count` of an order's failed instances as placed again.
    package static func countReplaced(_ count: Int, of id: OrderID, in session: isolated Session) throws {
        try session.execute(
            """
            UPDATE muster."order"
               SET replaced_count = least(failed_count, replaced_count + \(count))
             WHERE order_id = \(id.rawValue)
            """
        )
    }

    /// Writes the receipt of an order that is all over.
    package static func writeReceipt(of id: OrderID, in session: isolated Session) throws {
        try session.execute(
            """
            INSERT INTO muster.receipt
                (order_id, window_end, instances, first_stop_at, last_stop_at, currency, amount_micro)
            SELECT o.order_id, o.window_end, count(i.instance_id), min(i.stopped_at), max(i.stopped_at),
                   coalesce(b.currency, (SELECT min(currency) FROM muster.order_price p WHERE p.order_id = o.order_id), 'CNY'),
                   coalesce(b.amount_micro, 0)
              FROM muster."order" o
              LEFT JOIN muster.instance i
                     ON i.order_id = o.order_id AND i.state = 'released' AND i.assignment_sequence IS NOT NULL
              LEFT JOIN report.billing_by_order b ON b.order_id = o.order_id
             WHERE o.order_id = \(id.rawValue)
             GROUP BY o.order_id, b.currency, b.amount_micro
            ON CONFLICT (order_id) DO NOTHING
            """
        )
    }

    /// Orders that are not settled, for the sweep that makes sure each has a reconciler.
    package static func unsettledOrders(after: OrderID?, limit: Int, in session: isolated Session) throws -> [OrderID] {
        try session.rows(
            """
            SELECT order_id FROM muster."order"
             WHERE state <> 'settled' AND order_id > \(after?.rawValue ?? 0)
             ORDER BY order_id LIMIT \(limit)
            """
        ).map { OrderID(rawValue: try $0.int64("order_id")) }
    }

    /// Wakes whoever waits for these sites' assignments and these orders' events. Sent after the commit, by itself.
    package func announce(sites: [SiteID], orders: [OrderID]) async throws(StoreError) {
        guard !sites.isEmpty || !orders.isEmpty else { return }
        try await read { session in
            for (channel, ids) in [
                ("muster_assignment", sites.map(\.rawValue)), ("muster_order", orders.map(\.rawValue)),
            ] {
                for start in stride(from: 0, to: ids.count, by: 300) {
                    let payload = ids[start..<min(ids.count, start + 300)].map(String.init).joined(separator: ",")
                    try session.execute("SELECT pg_notify(\(channel), \(payload))")
                }
            }
        }
    }
}
