package import CapacityModel
package import Postgres

/// Statements that choose which instances of an order stop when it shall have fewer.
extension Store {
    /// Instances of a locked order that may stop, by host; without those that ``stop(_:limit:in:)`` would stop of `count`.
    package static func stoppable(
        of id: OrderID, after count: Int = 0, in session: isolated Session
    ) throws -> [HostID: Int] {
        try session.rows(
            """
            SELECT host_id, count(*) AS count
              FROM (SELECT host_id, row_number() OVER (ORDER BY \(statement: stopOrder)) AS place
                      FROM muster.instance
                     WHERE order_id = \(id.rawValue)
                       AND state IN ('planned', 'assigned', 'starting', 'ready')
                       AND \(statement: isNoReplacement)) i
             WHERE place > \(count)
             GROUP BY host_id
            """
        ).reduce(into: [:]) { counts, row in
            counts[HostID(rawValue: try row.int64("host_id"))] = try row.int("count")
        }
    }

    /// Stops so many of a locked order on each host, of each first what runs least; returns the sites.
    package static func stop(
        _ counts: [HostID: Int], of id: OrderID, in session: isolated Session
    ) throws -> [SiteID] {
        let counts = counts.sorted { $0.key < $1.key }
        let chosen = try session.rows(
            """
            SELECT instance_id
              FROM (SELECT instance_id, host_id,
                           row_number() OVER (PARTITION BY host_id ORDER BY \(statement: stopOrder)) AS place
                      FROM muster.instance
                     WHERE order_id = \(id.rawValue)
                       AND state IN ('planned', 'assigned', 'starting', 'ready')
                       AND \(statement: isNoReplacement)) i
              JOIN unnest(\(counts.map(\.key.rawValue)), \(counts.map(\.value))) AS c (host_id, count) USING (host_id)
             WHERE place <= c.count
             ORDER BY instance_id
            """
        ).map { InstanceID(rawValue: try $0.int64("instance_id")) }
        return try stop(chosen, in: session)
    }

    /// What runs least first, of equals the newest.
    private static var stopOrder: Statement {
        "array_position(ARRAY['planned', 'assigned', 'starting', 'ready'], state), instance_id DESC"
    }
}
