package import CapacityModel
package import Postgres

/// Statements by which an order takes its capacity out of a hold.
extension Store {
    /// What a locked hold still holds, by host.
    package static func held(by id: HoldID, in session: isolated Session) throws -> [HostID: Int] {
        try session.rows(
            """
            SELECT host_id, live_count
              FROM muster.reservation
             WHERE hold_id = \(id.rawValue)
               AND live_count > 0
            """
        ).reduce(into: [:]) { held, row in
            held[HostID(rawValue: try row.int64("host_id"))] = try row.int("live_count")
        }
    }

    /// Takes `groups` out of a locked hold. The caller reserves them for an order in the same transaction.
    ///
    /// In between they are nobody's, and nobody can have them: the guard has locked their hosts until the commit.
    package static func draw(_ groups: [Plan.Group], from id: HoldID, in session: isolated Session) throws {
        guard let drawn = HoldState.held.after(.draw) else { throw StoreError.stale }
        let taken = try session.execute(
            """
            UPDATE muster.reservation r
               SET live_count = r.live_count - g.drawn_count,
                   released_at = CASE WHEN r.live_count = g.drawn_count THEN muster.now() END
              FROM unnest(\(groups.map(\.host.rawValue)), \(groups.map(\.count))) AS g (host_id, drawn_count)
             WHERE r.hold_id = \(id.rawValue)
               AND r.host_id = g.host_id
               AND r.live_count >= g.drawn_count
            """
        )
        guard taken == groups.count else { throw StoreError.stale }
        let count = groups.reduce(0) { $0 + $1.count }
        let moved = try session.execute(
            """
            UPDATE muster.hold
               SET held_count = held_count - \(count),
                   drawn_count = drawn_count + \(count),
                   state = CASE WHEN held_count = \(count) THEN \(drawn.rawValue) ELSE state END,
                   state_since = CASE WHEN held_count = \(count) THEN muster.now() ELSE state_since END
             WHERE hold_id = \(id.rawValue)
               AND state = \(HoldState.held.rawValue)
            """
        )
        guard moved == 1 else { throw StoreError.stale }
    }
}
