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
        try session.rows(
            """
            SELECT a.kind, a.level, a.when_unsatisfiable, a.other_order_id,
                   array_remove(array_agg(DISTINCT r.host_id), NULL) AS hosts
              FROM (SELECT order_affinity_id, kind, level, when_unsatisfiable, other_order_id
                      FROM muster.order_affinity
                     WHERE order_id = \(id.rawValue) AND kept
                     UNION ALL
                    SELECT order_affinity_id, kind, level, when_unsatisfiable, order_id
                      FROM muster.order_affinity
                     WHERE other_order_id = \(id.rawValue) AND kind = 'apart' AND when_unsatisfiable = 'reject') a
              LEFT JOIN muster.reservation r ON r.order_id = a.other_order_id AND r.live_count > 0
             GROUP BY a.order_affinity_id, a.kind, a.level, a.when_unsatisfiable, a.other_order_id
             ORDER BY a.order_affinity_id
            """
        ).map { row in
            let affinity = OrderAffinity(
                try row.choice("kind"), order: OrderID(rawValue: try row.int64("other_order_id")),
                level: try row.choice("level"), whenUnsatisfiable: try row.choice("when_unsatisfiable"))
            let hosts = try row.decode("hosts", as: [Int64].self)
            return Neighbour(affinity, hosts: Set(hosts.map { HostID(rawValue: $0) }))
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
