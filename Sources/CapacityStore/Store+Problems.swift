package import CapacityModel
package import Postgres

/// What is known of an order's image once a site has said that there is none.
package struct ImageSearch: Hashable, Sendable {
    /// How many sites have no such image and were told by every registry they asked that there is none.
    package var sitesWithout: Int
    /// How many other sites are still at work on the order and have not said.
    package var sitesAtWork: Int
    /// Whether any instance of the order was ever ready, so that the image does exist somewhere.
    package var wasReady: Bool
    /// What the first engine that looked in vain said.
    package var detail: String

    package init(sitesWithout: Int, sitesAtWork: Int, wasReady: Bool, detail: String) {
        self.sitesWithout = sitesWithout
        self.sitesAtWork = sitesAtWork
        self.wasReady = wasReady
        self.detail = detail
    }
}

/// Statements about orders that ask for what does not exist.
extension Store {
    /// What the sites of an order said of its image; `nil` where none has missed it.
    package static func imageSearch(for id: OrderID, in session: isolated Session) throws -> ImageSearch? {
        try session.rows(
            """
            WITH missed AS MATERIALIZED (
                SELECT instance_id, site_id, message
                  FROM muster.instance
                 WHERE order_id = \(id.rawValue)
                   AND failure_code = \(Instance.FailureCode.imageNotFound.rawValue)
            )
            SELECT (SELECT count(DISTINCT site_id) FROM missed) AS sites_without,
                   (SELECT message FROM missed ORDER BY instance_id LIMIT 1) AS detail,
                   count(DISTINCT i.site_id) FILTER (
                       WHERE i.state IN ('planned', 'assigned', 'starting')
                         AND i.site_id NOT IN (SELECT site_id FROM missed)) AS sites_at_work,
                   bool_or(i.ready_at IS NOT NULL) AS was_ready
              FROM muster.instance i
             WHERE i.order_id = \(id.rawValue)
               AND EXISTS (SELECT FROM missed)
            HAVING count(*) > 0
            """
        ).first.map { row in
            ImageSearch(
                sitesWithout: try row.int("sites_without"),
                sitesAtWork: try row.int("sites_at_work"),
                wasReady: try row.decode("was_ready", as: Bool.self),
                detail: try row.textIfAny("detail") ?? "the engine found no such image"
            )
        }
    }

    /// Writes down why a locked order, which is being released, was given up.
    package static func note(_ problem: OrderProblem, of id: OrderID, in session: isolated Session) throws {
        try session.execute(
            """
            UPDATE muster."order"
               SET problem_code = \(problem.code.rawValue), problem_detail = \(problem.detail)
             WHERE order_id = \(id.rawValue)
            """
        )
    }
}
