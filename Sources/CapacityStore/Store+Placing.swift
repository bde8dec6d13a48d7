package import CapacityModel
package import Postgres

/// An order about to be made, in absolute time.
package struct NewOrder: Sendable {
    package var tenant: TenantID
    package var request: OrderRequest
    package var window: Window
    package var plan: Plan
    package var rates: [OrderRate]
    package var idempotency: Idempotency?
    /// Where its capacity is drawn from, if it is.
    package var hold: HoldID?

    package init(
        tenant: TenantID, request: OrderRequest, window: Window, plan: Plan, rates: [OrderRate],
        idempotency: Idempotency?, hold: HoldID? = nil
    ) {
        self.tenant = tenant
        self.request = request
        self.window = window
        self.plan = plan
        self.rates = rates
        self.idempotency = idempotency
        self.hold = hold
    }
}

/// The customer's key for one order, and the SHA-256 of what he sent with it.
package struct Idempotency: Hashable, Sendable {
    package var key: String
    package var bodyHash: [UInt8]

    package init(key: String, bodyHash: [UInt8]) {
        self.key = key
        self.bodyHash = bodyHash
    }

    /// What became of the key before.
    package enum Earlier<ID: Hashable & Sendable>: Hashable, Sendable {
        case sameBody(ID)
        case otherBody
    }
}

/// Statements that make an order. All run inside the caller's transaction: an order and its capacity appear together.
extension Store {
    /// The order that `idempotency` made before, if any.
    package func earlier(
        _ idempotency: Idempotency, of tenant: TenantID
    ) async throws(StoreError) -> Idempotency.Earlier<OrderID>? {
        try await read { session in
            try session.rows(
                """
                SELECT order_id, order_id IS NOT NULL AND body_hash = \(idempotency.bodyHash) AS same
                  FROM muster.idempotency
                 WHERE tenant_id = \(tenant.rawValue)
                   AND key = \(idempotency.key)
                """
            ).first.map { row in
                try row.decode("same", as: Bool.self)
                    ? .sameBody(OrderID(rawValue: try row.int64("order_id"))) : .otherBody
            }
        }
    }

    /// Makes the order, with all of its count waiting, its prices and its key: one statement.
    ///
    /// - Throws: a unique violation of `idempotency_key` where the same key is just making an order elsewhere.
    package static func insert(_ new: NewOrder, in session: isolated Session) throws -> OrderID {
        try insert([new], in: session)[0]
    }

    /// Makes orders as ``insert(_:in:)-(NewOrder,_)`` makes one; returns their ids, which ascend.
    ///
    /// Keys are entered in one order, whatever that of the orders is, and before any host is locked: two who have several keys in
    /// common meet at the first of them, and only one of them waits.
    package static func insert(_ orders: [NewOrder], in session: isolated Session) throws -> [OrderID] {
        guard !orders.isEmpty else { return [] }
        let places = Array(1...orders.count)
        let rates = zip(places, orders).flatMap { place, new in new.rates.map { (place: place, rate: $0) } }
        let keys = zip(places, orders).compactMap { place, new in new.idempotency.map { (place: place, use: $0) } }
        let rows = try session.rows(
            """
            WITH made AS (
                INSERT INTO muster."order"
                    (tenant_id, name, kind, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_model, gpu_count,
                     gpu_share_milli, image, command, environment, scope, spread, relaxed, window_start, window_end,
                     lead_seconds, grace_seconds, policy, min_count, deadline_seconds, top_up, requested_count,
                     waiting_count, hold_id, prefer, survive_sites)
                VALUES \(statement: Statement(joining: try orders.map(values), separator: ", "))
             RETURNING order_id, tenant_id
            ), numbered AS (
                SELECT order_id, tenant_id, row_number() OVER (ORDER BY order_id) AS place FROM made
            ), priced AS (
                INSERT INTO muster.order_price (order_id, area, currency, instance_hour_micro)
                SELECT n.order_id, r.area, r.currency, r.rate
                  FROM numbered n
                  JOIN unnest(\(rates.map(\.place)), \(rates.map(\.rate.area.rawValue)), \(rates.map(\.rate.currency)),
                              \(rates.map(\.rate.instanceHourMicro))) AS r (place, area, currency, rate) USING (place)
            ), keyed AS (
                INSERT INTO muster.idempotency (tenant_id, key, body_hash, order_id)
                SELECT n.tenant_id, k.key, k.body_hash, n.order_id
                  FROM numbered n
                  JOIN unnest(\(keys.map(\.place)), \(keys.map(\.use.key)), \(keys.map(\.use.bodyHash)))
                       AS k (place, key, body_hash) USING (place)
                 ORDER BY n.tenant_id, k.key
            )
            SELECT order_id FROM made ORDER BY order_id
            """
        )
        let ids = try rows.map { OrderID(rawValue: try $0.int64("order_id")) }
        for (id, new) in zip(ids, orders) {
            try bind(id, of: new.tenant, to: new.request.affinities ?? [], unkept: new.plan.unkept, in: session)
        }
        return ids
    }

    private static func values(of new: NewOrder) throws -> Statement {
        let request = new.request
        let unit = request.spec.resources
        return """
            (\(new.tenant.rawValue), \(request.name), \(request.spec.kind.rawValue), \(unit.vcpuMilli),
             \(unit.memoryMiB), \(unit.diskGiB), \(unit.bandwidthMbps), \(unit.gpuModel), \(unit.gpuCount),
             \(unit.gpuShareMilli), \(request.spec.image), \(request.spec.command),
             \(try JSON(encoding: request.spec.environment)),
             \(try JSON(encoding: request.scope)), \(try JSON(encoding: request.spread)),
             \(try JSON(encoding: new.plan.relaxed)), \(new.window.start.postgres),
             \(new.window.end.postgres), \(request.timing.lead.wholeSeconds),
             \(request.release.grace.wholeSeconds), \(request.fulfilment.policy.rawValue),
             \(request.fulfilment.minCount), \(request.fulfilment.deadline?.wholeSeconds),
             \(request.fulfilment.topUp), \(request.count), \(request.count), \(new.hold?.rawValue),
             \(try request.prefer.map { try JSON(encoding: $0) }), \(request.survive?.sites))
            """
    }

    /// Takes `groups` out of their hosts for an order, from `start` or its window's, and makes the instances.
    package static func reserve(
        _ groups: [Plan.Group], for id: OrderID, billedFrom start: CapacityModel.Instant? = nil,
        in session: isolated Session
    ) throws {
        try reserve([(id, groups)], billedFrom: start, in: session)
    }

    /// Takes the groups of each order out of their hosts, from `start` or the order's window on, and makes the instances.
    ///
    /// One statement. The counts move from waiting to planned by trigger, and the guard refuses what does not fit. Rows are put
    /// in order before each becomes its instances: a million would not be sorted in memory. What time it is is asked once, where
    /// the columns' defaults would ask for each row. Orders are looked up one by one, whatever the plan thinks of their number: the
    /// table grows faster than its statistics.
    package static func reserve(
        _ plans: [(order: OrderID, groups: [Plan.Group])], billedFrom start: CapacityModel.Instant? = nil,
        in session: isolated Session
    ) throws {
        let groups = plans.flatMap(\.groups)
        let orders = plans.flatMap { plan in repeatElement(plan.order.rawValue, count: plan.groups.count) }
        try session.execute(
            """
            WITH asked AS MATERIALIZED (
                SELECT o.*, coalesce(\(start?.postgres)::timestamptz, o.window_start) AS billed_from,
                       tstzrange(coalesce(\(start?.postgres)::timestamptz,
                                          o.window_start - make_interval(secs => o.lead_seconds)),
                                 o.window_end + make_interval(secs => o.grace_seconds)) AS held
                  FROM unnest(\(Set(orders).sorted())) AS i (order_id)
                 CROSS JOIN LATERAL (
                       SELECT order_id, window_start, window_end, lead_seconds, grace_seconds, vcpu_milli, memory_mib,
                              disk_gib, bandwidth_mbps, gpu_model, gpu_count, gpu_share_milli
                         FROM muster."order" o
                        WHERE o.order_id = i.order_id
                       OFFSET 0) o
            ), taken AS (
                INSERT INTO muster.reservation
                    (order_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib, disk_gib,
                     bandwidth_mbps, gpu_model, gpu_count, gpu_share_milli, gpu_devices, created_at)
                SELECT o.order_id, g.host_id, o.held, g.instance_count, g.instance_count, o.vcpu_milli, o.memory_mib,
                       o.disk_gib, o.bandwidth_mbps, o.gpu_model, o.gpu_count, o.gpu_share_milli,
                       g.devices::smallint[], (SELECT muster.now())
                  FROM unnest(\(orders), \(groups.map(\.host.rawValue)), \(groups.map(\.count)), \(groups.deviceTexts))
                       AS g (order_id, host_id, instance_count, devices)
                  JOIN asked o USING (order_id)
                 ORDER BY o.order_id, g.host_id, g.devices
             RETURNING reservation_id, order_id, host_id, instance_count
            )
            INSERT INTO muster.instance (order_id, reservation_id, host_id, site_id, billed_from, state_since)
            SELECT order_id, reservation_id, host_id, site_id, billed_from, (SELECT muster.now())
              FROM (SELECT t.order_id, t.reservation_id, t.host_id, h.site_id, o.billed_from,
                           generate_series(1, t.instance_count)
                      FROM taken t
                      JOIN muster.host h USING (host_id)
                      JOIN asked o USING (order_id)
                     ORDER BY t.reservation_id) made
            """
        )
    }

    /// Gives up what is still waiting.
    package static func refuseWaiting(of id: OrderID, in session: isolated Session) throws {
        try session.execute(
            """
            UPDATE muster."order"
               SET refused_count = refused_count + waiting_count, waiting_count = 0
             WHERE order_id = \(id.rawValue)
               AND waiting_count > 0
            """
        )
    }
}

extension StoreError {
    /// Whether another transaction took the same idempotency key first.
    package var isIdempotencyRace: Bool {
        if case .broken(let error) = self {
            error.kind == .unique && error.constraint == "idempotency_key"
        } else {
            false
        }
    }
}
