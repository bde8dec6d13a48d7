package import CapacityModel
package import Postgres

/// An order that still looks for capacity, with what a planner must know to place it.
package struct WaitingOrder: Hashable, Sendable {
    package var order: OrderRecord
    package var spread: OrderSpread
    /// What its tenant's quotas leave it.
    package var quotas: [QuotaRoom]
    /// The orders it stands with or apart from, where they are.
    package var neighbours: [Neighbour]
    package var tenantClass: TenantClass
}

/// Where an order's live instances are, and the hosts on which one of its instances failed.
package struct OrderSpread: Hashable, Sendable {
    package var existing: [HostID: Int]
    package var failedOn: Set<HostID>

    package init(existing: [HostID: Int] = [:], failedOn: Set<HostID> = []) {
        self.existing = existing
        self.failedOn = failedOn
    }
}

/// The waiting list: orders that are short of instances, first come, first served.
extension Store {
    /// How many orders of the list are looked at; those behind them are not kept from being overtaken.
    package static let waitingLimit = 32

    /// The head of the waiting list, in its order.
    package static func waiting(in session: isolated Session) throws -> [WaitingOrder] {
        let rows = try session.rows(
            """
            SELECT \(statement: orderColumns),
                   (SELECT t.class FROM muster.tenant t WHERE t.tenant_id = o.tenant_id) AS tenant_class
              FROM muster."order" o
             WHERE o.waiting_count > 0
               AND o.state IN ('accepted', 'delivering', 'active')
             ORDER BY o.order_id
             LIMIT \(waitingLimit)
            """
        )
        let orders = try rows.map { try OrderRecord($0) }
        guard !orders.isEmpty else { return [] }
        let ids = orders.map(\.id)
        let spreads = try spreads(of: ids, in: session)
        let rooms = try quotaRooms(ofWaiting: ids, in: session)
        let neighbours = try neighbours(of: ids, in: session)
        return try zip(rows, orders).map { row, order in
            WaitingOrder(
                order: order, spread: spreads[order.id] ?? OrderSpread(), quotas: rooms[order.id] ?? [],
                neighbours: neighbours[order.id] ?? [],
                tenantClass: TenantClass(rawValue: try row.text("tenant_class")))
        }
    }

    /// Who is at the head of the waiting list, in its order.
    package static func waitingIDs(in session: isolated Session) throws -> [OrderID] {
        try session.rows(
            """
            SELECT order_id
              FROM muster."order"
             WHERE waiting_count > 0
               AND state IN ('accepted', 'delivering', 'active')
             ORDER BY order_id
             LIMIT \(waitingLimit)
            """
        ).map { OrderID(rawValue: try $0.int64("order_id")) }
    }

    /// Where the instances of `orders` are; an order without any is left out.
    package static func spreads(
        of orders: [OrderID], in session: isolated Session
    ) throws -> [OrderID: OrderSpread] {
        let rows = try session.rows(
            """
            SELECT f.order_id, f.host_id, count(*) FILTER (WHERE f.state <> 'failed') AS live,
                   count(*) FILTER (WHERE \(statement: failedThere)) AS failed
              FROM muster.instance f
             WHERE f.order_id = ANY (\(orders.map(\.rawValue)))
               AND f.state <> 'released'
             GROUP BY f.order_id, f.host_id
            """
        )
        return try rows.reduce(into: [:]) { spreads, row in
            let order = OrderID(rawValue: try row.int64("order_id"))
            let host = HostID(rawValue: try row.int64("host_id"))
            let live = try row.int("live")
            if live > 0 { spreads[order, default: OrderSpread()].existing[host] = live }
            if try row.int("failed") > 0 { spreads[order, default: OrderSpread()].failedOn.insert(host) }
        }
    }
}
