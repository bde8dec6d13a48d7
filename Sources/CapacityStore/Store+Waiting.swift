package import CapacityModel
package import Postgres

/// An order that still looks for capacity, with what a planner must know to place it.
package struct WaitingOrder: Hashable, Sendable {
    package var order: OrderRecord
    package var spread: OrderSpread
    /// The orders it stands with or apart from, where they are.
    package var neighbours: [Neighbour]
    package var tenantClass: TenantClass
}

/// The waiting list as it was last read. Who holds on to it reads only what changed since.
package struct WaitingOrders: Sendable {
    /// In the order in which they are served.
    package var orders: [WaitingOrder] = []
    /// What is in use under the quotas that may keep them waiting, by tenant.
    package var quotas: [TenantID: [QuotaCalendar]] = [:]
    /// Whether there are more than were read.
    package var isCut = false
    /// What tells one state of an order's row from another.
    fileprivate var versions: [OrderID: String] = [:]
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
    /// How many orders of the list are looked at, and how many may wait when another is made: `muster.waiting_limit`. Who stands behind
    /// them is not served before he is among them.
    package static let waitingLimit = 4_096
    /// What is told to who would be one more.
    package static let waitingListIsFull = "\(waitingLimit) orders wait for capacity already, and no more may"
    /// How many of them are woken when capacity comes free; the others look by themselves soon.
    package static let wakingLimit = 32

    /// The waiting list, in its order.
    ///
    /// A row says by its version whether it changed: each instance that changes its state is counted in it. Where instances are may
    /// change without that, but not without their hosts. An order that the caller's transaction is just making does not wait.
    ///
    /// - Parameters:
    ///   - known: What was read before; what it has of orders that did not change is taken from it.
    ///   - hosts: On which something may have moved since.
    package static func waiting(
        knowing known: WaitingOrders = WaitingOrders(), changed hosts: [HostID] = [], in session: isolated Session
    ) throws -> WaitingOrders {
        let rows = try session.rows(
            """
            SELECT order_id, xmin::text AS version
              FROM muster."order"
             WHERE waiting_count > 0
               AND state IN ('accepted', 'delivering', 'active')
               AND xmin IS DISTINCT FROM pg_current_xact_id_if_assigned()::xid
             ORDER BY order_id
             LIMIT \(waitingLimit + 1)
            """
        )
        let versions = try rows.prefix(waitingLimit).map {
            (OrderID(rawValue: try $0.int64("order_id")), try $0.text("version"))
        }
        guard !versions.isEmpty else { return WaitingOrders() }
        var list = WaitingOrders(isCut: rows.count > waitingLimit, versions: Dictionary(uniqueKeysWithValues: versions))
        let moved = Set(hosts)
        let kept = known.orders.filter { waiting in
            known.versions[waiting.order.id] == list.versions[waiting.order.id]
                && waiting.spread.existing.keys.allSatisfy { !moved.contains($0) }
        }
        let ids = versions.map(\.0)
        list.orders = try (kept + read(Set(ids).subtracting(kept.map(\.order.id)), in: session))
            .sorted { $0.order.id < $1.order.id }
        let neighbours = try neighbours(of: ids, in: session)
        for index in list.orders.indices {
            list.orders[index].neighbours = neighbours[list.orders[index].order.id] ?? []
        }
        list.quotas = try quotaCalendars(ofWaiting: list.orders.map(\.order), in: session)
        return list
    }

    private static func read(_ orders: Set<OrderID>, in session: isolated Session) throws -> [WaitingOrder] {
        guard !orders.isEmpty else { return [] }
        let ids = orders.sorted()
        let spreads = try spreads(of: ids, in: session)
        return try session.rows(
            """
            SELECT \(statement: orderColumns),
                   (SELECT t.class FROM muster.tenant t WHERE t.tenant_id = o.tenant_id) AS tenant_class
              FROM muster."order" o
             WHERE o.order_id = ANY (\(ids.map(\.rawValue)))
            """
        ).map { row in
            let order = try OrderRecord(row)
            return WaitingOrder(
                order: order, spread: spreads[order.id] ?? OrderSpread(), neighbours: [],
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
             LIMIT \(wakingLimit)
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
