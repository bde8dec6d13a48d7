package import CapacityModel
package import Postgres

/// A closure about to be made.
package struct NewClosure: Hashable, Sendable {
    package var kind: Closure.Kind
    package var place: FleetPlace
    /// `nil` of a cordon and of a loss.
    package var start: CapacityModel.Instant?
    /// `nil` but of a maintenance.
    package var end: CapacityModel.Instant?
    package var drains: Bool
    package var reason: String

    package init(
        kind: Closure.Kind, place: FleetPlace, start: CapacityModel.Instant? = nil, end: CapacityModel.Instant? = nil,
        drains: Bool = false, reason: String
    ) {
        self.kind = kind
        self.place = place
        self.start = start
        self.end = end
        self.drains = drains
        self.reason = reason
    }
}

/// What became of a closure that should be lifted.
package enum Lifting: Hashable, Sendable {
    case lifted
    /// None of this number stands.
    case nothing
    /// So many instances may run at the lost site still.
    case tooEarly(unstopped: Int)
}

/// Statements by which operators close hosts and sites, and open them again.
extension Store {
    /// Closes a host or a site; `nil` where there is none of that name. A cordon, a retirement or a loss that stands there
    /// already is changed: a place has one of each.
    package static func close(_ new: NewClosure, in session: isolated Session) throws -> ClosureID? {
        try session.rows(
            """
            INSERT INTO muster.closure (kind, site_id, host_id, span, draining, reason)
            SELECT \(new.kind.rawValue), place.site_id, place.host_id,
                   tstzrange(\(new.start?.postgres)::timestamptz, \(new.end?.postgres)::timestamptz,
                             CASE WHEN \(new.start?.postgres)::timestamptz IS NULL THEN '()' ELSE '[)' END),
                   \(new.drains), \(new.reason)
              FROM (\(statement: place(new.place))) AS place
            ON CONFLICT (kind, coalesce(site_id, 0), coalesce(host_id, 0))
                  WHERE kind <> 'maintenance' AND lifted_at IS NULL
                  DO UPDATE SET span = excluded.span, draining = excluded.draining, reason = excluded.reason
            RETURNING closure_id
            """
        ).first.map { ClosureID(rawValue: try $0.int64("closure_id")) }
    }

    /// Lifts one closure. A loss is lifted only when nothing that was given up with it may run still, or what the ledger says is
    /// free would be taken on the host.
    package static func lift(_ id: ClosureID, fence: Duration, in session: isolated Session) throws -> Lifting {
        let standing = try session.rows(
            """
            SELECT 1 FROM muster.closure
             WHERE closure_id = \(id.rawValue)
               AND lifted_at IS NULL
               FOR NO KEY UPDATE
            """
        )
        guard !standing.isEmpty else { return .nothing }
        let unstopped = try unstopped(of: id, fence: fence, in: session)
        guard unstopped == 0 else { return .tooEarly(unstopped: unstopped) }
        try session.execute(
            "UPDATE muster.closure SET lifted_at = muster.now() WHERE closure_id = \(id.rawValue)")
        return .lifted
    }

    /// Lifts the cordon of a host or a site, drains included; whether the place is known. Without a cordon nothing changes.
    package static func uncordon(_ place: FleetPlace, in session: isolated Session) throws -> Bool {
        let found = try session.rows(Store.place(place))
        guard let row = found.first else { return false }
        try session.execute(
            """
            UPDATE muster.closure SET lifted_at = muster.now()
             WHERE kind = 'cordon'
               AND lifted_at IS NULL
               AND (site_id = \(try row.decode("site_id", as: Int64?.self))::bigint
                    OR host_id = \(try row.decode("host_id", as: Int64?.self))::bigint)
            """
        )
        return true
    }

    private static func place(_ place: FleetPlace) -> Statement {
        switch place {
        case .site(let name): "SELECT site_id, NULL::bigint AS host_id FROM muster.site WHERE name = \(name)"
        case .host(let name): "SELECT NULL::bigint AS site_id, host_id FROM muster.host WHERE name = \(name)"
        }
    }

    /// Up to `limit` closures that stand or are to come, numbered after `after`, at one site and its hosts or everywhere.
    package func closures(
        site: String?, after: ClosureID?, limit: Int
    ) async throws(StoreError) -> [Closure] {
        try await read { session in
            try Store.closures(
                where: """
                    c.lifted_at IS NULL
                    AND (upper_inf(c.span) OR upper(c.span) > muster.now())
                    AND (\(site)::text IS NULL OR coalesce(s.name, hs.name) = \(site)::text)
                    AND c.closure_id > \(after?.rawValue ?? 0)
                    """,
                limit: limit, in: session
            )
        }
    }

    /// The closure with `id`, lifted ones too; `nil` where there is none.
    package func closure(_ id: ClosureID) async throws(StoreError) -> Closure? {
        try await read { session in
            try Store.closures(where: "c.closure_id = \(id.rawValue)", limit: 1, in: session).first
        }
    }

    /// What stands or is to come at a place; at a host, what closes its whole site too.
    package func closures(at place: FleetPlace) async throws(StoreError) -> [Closure] {
        try await read { session in
            switch place {
            case .site(let name):
                return try Store.standing(sites: [name], in: session)
            case .host(let name):
                let sites = try session.rows(
                    "SELECT s.name FROM muster.host h JOIN muster.site s USING (site_id) WHERE h.name = \(name)")
                return try Store.standing(sites: try sites.map { try $0.text("name") }, hosts: [name], in: session)
            }
        }
    }

    /// What stands or is to come at these sites, not at single hosts of theirs, or at these hosts, their sites' included.
    static func standing(
        sites: [String] = [], hosts: [String] = [], in session: isolated Session
    ) throws -> [Closure] {
        try closures(
            where: """
                c.lifted_at IS NULL
                AND (upper_inf(c.span) OR upper(c.span) > muster.now())
                AND (s.name = ANY (\(sites)) OR h.name = ANY (\(hosts)))
                """,
            limit: nil, in: session
        )
    }

    private static func closures(
        where condition: Statement, limit: Int?, in session: isolated Session
    ) throws -> [Closure] {
        try session.rows(
            """
            SELECT c.closure_id, c.kind, s.name AS site, h.name AS host, lower(c.span) AS start_at, upper(c.span) AS end_at,
                   c.draining, c.reason, c.created_at, c.lifted_at
              FROM muster.closure c
              LEFT JOIN muster.site s ON s.site_id = c.site_id
              LEFT JOIN muster.host h ON h.host_id = c.host_id
              LEFT JOIN muster.site hs ON hs.site_id = h.site_id
             WHERE \(statement: condition)
             ORDER BY c.closure_id
             LIMIT \(limit)
            """
        ).map { row in
            let host = try row.textIfAny("host").map { FleetPlace.host($0) }
            return Closure(
                id: ClosureID(rawValue: try row.int64("closure_id")),
                kind: try row.choice("kind"),
                place: try host ?? .site(try row.text("site")),
                start: try row.instantIfAny("start_at"),
                end: try row.instantIfAny("end_at"),
                drains: try row.decode("draining", as: Bool.self),
                reason: try row.text("reason"),
                createdAt: try row.instant("created_at"),
                liftedAt: try row.instantIfAny("lifted_at")
            )
        }
    }
}
