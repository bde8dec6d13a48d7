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
        let request = new.request
        let unit = request.spec.resources
        let row = try session.rows(
            """
            WITH made AS (
                INSERT INTO muster."order"
                    (tenant_id, name, kind, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_model, gpu_count,
                     gpu_share_milli, image, command, environment, scope, spread, relaxed, window_start, window_end,
                     lead_seconds, grace_seconds, policy, min_count, deadline_seconds, top_up, requested_count,
                     waiting_count, hold_id, prefer, survive_sites)
                VALUES (\(new.tenant.rawValue), \(request.name), \(request.spec.kind.rawValue), \(unit.vcpuMilli),
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
             RETURNING order_id, tenant_id
            ), priced AS (
                INSERT INTO muster.order_price (order_id, area, currency, instance_hour_micro)
                SELECT made.order_id, r.area, r.currency, r.rate
                  FROM made
                 CROSS JOIN unnest(\(new.rates.map(\.area.rawValue)), \(new.rates.map(\.currency)),
                                   \(new.rates.map(\.instanceHourMicro))) AS r (area, currency, rate)
            ), keyed AS (
                INSERT INTO muster.idempotency (tenant_id, key, body_hash, order_id)
                SELECT tenant_id, k.key, k.body_hash, order_id
                  FROM made
                 CROSS JOIN (SELECT \(new.idempotency?.key)::text AS key, \(new.idempotency?.bodyHash)::bytea AS body_hash) k
                 WHERE k.key IS NOT NULL
            )
            SELECT order_id FROM made
            """
        )[0]
        let id = OrderID(rawValue: try row.int64("order_id"))
        try bind(id, of: new.tenant, to: request.affinities ?? [], unkept: new.plan.unkept, in: session)
        return id
    }

    /// Takes `groups` out of their hosts for an order, from `start` or its window's, and makes the instances.
    ///
    /// One statement. The counts move from waiting to planned by trigger, and the guard refuses what does not fit. Rows are put
    /// in order before each becomes its instances: a million would not be sorted in memory. What time it is is asked once, where
    /// the columns' defaults would ask for each row.
    package static func reserve(
        _ groups: [Plan.Group], for id: OrderID, billedFrom start: CapacityModel.Instant? = nil,
        in session: isolated Session
    ) throws {
        try session.execute(
            """
            WITH taken AS (
                INSERT INTO muster.reservation
                    (order_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib, disk_gib,
                     bandwidth_mbps, gpu_model, gpu_count, gpu_share_milli, gpu_devices, created_at)
                SELECT o.order_id, g.host_id,
                       tstzrange(coalesce(\(start?.postgres)::timestamptz,
                                          o.window_start - make_interval(secs => o.lead_seconds)),
                                 o.window_end + make_interval(secs => o.grace_seconds)),
                       g.instance_count, g.instance_count, o.vcpu_milli, o.memory_mib, o.disk_gib, o.bandwidth_mbps,
                       o.gpu_model, o.gpu_count, o.gpu_share_milli, g.devices::smallint[], (SELECT muster.now())
                  FROM unnest(\(groups.map(\.host.rawValue)), \(groups.map(\.count)), \(groups.deviceTexts))
                       AS g (host_id, instance_count, devices)
                  JOIN muster."order" o ON o.order_id = \(id.rawValue)
                 ORDER BY g.host_id, g.devices
             RETURNING reservation_id, order_id, host_id, instance_count
            )
            INSERT INTO muster.instance (order_id, reservation_id, host_id, site_id, billed_from, state_since)
            SELECT order_id, reservation_id, host_id, site_id, billed_from, (SELECT muster.now())
              FROM (SELECT t.order_id, t.reservation_id, t.host_id, h.site_id,
                           coalesce(\(start?.postgres)::timestamptz,
                                    (SELECT window_start FROM muster."order" WHERE order_id = \(id.rawValue)))
                               AS billed_from,
                           generate_series(1, t.instance_count)
                      FROM taken t
                      JOIN muster.host h USING (host_id)
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
