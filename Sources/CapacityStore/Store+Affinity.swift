package import CapacityModel
package import Postgres

/// Statements about which orders stand together, and which apart.
extension Store {
    /// Where the orders that `affinities` name have instances; an order that is not among the tenant's is left out.
    package func neighbours(
        _ affinities: [OrderAffinity], of tenant: TenantID
    ) async throws(StoreError) -> [Neighbour] {
        guard !affinities.isEmpty else { return [] }
        let hosts = try await read { session in
            try session.rows(
                """
                SELECT o.order_id, array_remove(array_agg(DISTINCT r.host_id), NULL) AS hosts
                  FROM muster."order" o
                  LEFT JOIN muster.reservation r ON r.order_id = o.order_id AND r.live_count > 0
                 WHERE o.order_id = ANY (\(affinities.map(\.order.rawValue)))
                   AND o.tenant_id = \(tenant.rawValue)
                 GROUP BY o.order_id
                """
            ).map { row in
                (OrderID(rawValue: try row.int64("order_id")), try row.decode("hosts", as: [Int64].self))
            }
        }
        let known = Dictionary(hosts) { first, _ in first }
        return affinities.compactMap { affinity in
            known[affinity.order].map { Neighbour(affinity, hosts: Set($0.map { HostID(rawValue: $0) })) }
        }
    }

    /// What binds an order that is placed: its own affinities, and the hard ones by which others stand apart from it. One
    /// that was relaxed binds nobody.
    package static func neighbours(of id: OrderID, in session: isolated Session) throws -> [Neighbour] {
        try neighbours(of: [id], in: session)[id] ?? []
    }

    /// The same of several orders; one that nothing binds is left out.
    static func neighbours(of ids: [OrderID], in session: isolated Session) throws -> [OrderID: [Neighbour]] {
        let ids = ids.map(\.rawValue)
        let rows = try session.rows(
            """
            SELECT a.bound_id, a.kind, a.level, a.when_unsatisfiable, a.other_id,
                   array_remove(array_agg(DISTINCT r.host_id), NULL) AS hosts
              FROM (SELECT order_affinity_id, kind, level, when_unsatisfiable, order_id AS bound_id,
                           other_order_id AS other_id
                      FROM muster.order_affinity
                     WHERE order_id = ANY (\(ids)) AND kept
                     UNION ALL
                    SELECT order_affinity_id, kind, level, when_unsatisfiable, other_order_id, order_id
                      FROM muster.order_affinity
                     WHERE other_order_id = ANY (\(ids)) AND kind = 'apart' AND when_unsatisfiable = 'reject') a
              LEFT JOIN muster.reservation r ON r.order_id = a.other_id AND r.live_count > 0
             GROUP BY a.bound_id, a.order_affinity_id, a.kind, a.level, a.when_unsatisfiable, a.other_id
             ORDER BY a.bound_id, a.order_affinity_id
            """
        )
        return try rows.reduce(into: [:]) { neighbours, row in
            let affinity = OrderAffinity(
                try row.choice("kind"), order: OrderID(rawValue: try row.int64("other_id")),
                level: try row.choice("level"), whenUnsatisfiable: try row.choice("when_unsatisfiable"))
            let hosts = try row.decode("hosts", as: [Int64].self)
            neighbours[OrderID(rawValue: try row.int64("bound_id")), default: []]
                .append(Neighbour(affinity, hosts: Set(hosts.map { HostID(rawValue: $0) })))
        }
    }

    /// Binds a new order. Comes before its capacity is taken, so that the database holds that to it.
    static func bind(
        _ id: OrderID, of tenant: TenantID, to affinities: [OrderAffinity], unkept: [OrderAffinity],
        in session: isolated Session
    ) throws {
        guard !affinities.isEmpty else { return }
        try session.execute(
            """
            INSERT INTO muster.order_affinity
                (order_id, tenant_id, other_order_id, kind, level, when_unsatisfiable, kept)
            SELECT \(id.rawValue), \(tenant.rawValue), a.other, a.kind, a.level, a.hardness, a.fate = 'kept'
              FROM unnest(\(affinities.map(\.order.rawValue)), \(affinities.map(\.kind.rawValue)),
                          \(affinities.map(\.level.rawValue)), \(affinities.map(\.whenUnsatisfiable.rawValue)),
                          \(affinities.map { unkept.contains($0) ? "unkept" : "kept" }))
                   AS a (other, kind, level, hardness, fate)
            """
        )
    }
}
