package import CapacityModel
package import Postgres

/// Statements that change a locked order's terms. Each raises its revision.
extension Store {
    /// Ends the order's window now, or at its start where that is still to come.
    package static func cancel(_ id: OrderID, in session: isolated Session) throws {
        try session.execute(
            """
            UPDATE muster."order"
               SET cancelled_at = muster.now(), revision = revision + 1,
                   window_end = least(window_end, greatest(window_start, date_trunc('second', muster.now()))),
                   refused_count = refused_count + waiting_count, waiting_count = 0
             WHERE order_id = \(id.rawValue)
            """
        )
    }

    /// Moves the window's end. The guard refuses an extension for which a host has no room.
    ///
    /// Shortening gives nothing back yet where an agent was told the old end: a cut-off one keeps to it, so only the
    /// confirmed stop frees the host.
    package static func moveEnd(of id: OrderID, to end: CapacityModel.Instant, in session: isolated Session) throws {
        try session.execute(
            """
            UPDATE muster."order" SET window_end = \(end.postgres), revision = revision + 1
             WHERE order_id = \(id.rawValue)
            """
        )
        try session.execute(
            """
            UPDATE muster.reservation r
               SET held = tstzrange(lower(r.held), o.window_end + make_interval(secs => o.grace_seconds))
              FROM muster."order" o
             WHERE o.order_id = \(id.rawValue) AND r.order_id = o.order_id AND r.live_count > 0
               AND (o.window_end + make_interval(secs => o.grace_seconds) > upper(r.held)
                    OR NOT EXISTS (SELECT FROM muster.instance i
                                    WHERE i.reservation_id = r.reservation_id AND i.assignment_sequence IS NOT NULL))
            """
        )
    }

    /// Asks for `count` more instances, which are waiting until they are reserved.
    package static func ask(for count: Int, of id: OrderID, in session: isolated Session) throws {
        try session.execute(
            """
            UPDATE muster."order"
               SET requested_count = requested_count + \(count), waiting_count = waiting_count + \(count),
                   revision = revision + 1
             WHERE order_id = \(id.rawValue)
            """
        )
    }

    /// Takes `count` instances off what is asked for: waiting ones first, which are refused. Returns how many more must stop.
    package static func withdraw(_ count: Int, of id: OrderID, in session: isolated Session) throws -> Int {
        let rows = try session.rows(
            """
            UPDATE muster."order" o
               SET withdrawn_count = o.withdrawn_count + \(count), revision = o.revision + 1,
                   waiting_count = o.waiting_count - least(o.waiting_count, \(count)),
                   refused_count = o.refused_count + least(o.waiting_count, \(count))
              FROM (SELECT order_id, waiting_count FROM muster."order" WHERE order_id = \(id.rawValue)) before
             WHERE o.order_id = before.order_id
            RETURNING \(count) - least(before.waiting_count, \(count)) AS left_to_stop
            """
        )
        return try rows[0].int("left_to_stop")
    }
}
