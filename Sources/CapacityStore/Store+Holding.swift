package import CapacityModel
package import Postgres

/// Statements by which holds come and go. A hold's row is locked before any order's.
extension Store {
    /// Makes the hold, with all of its count held; ``reserve(_:forHold:in:)`` takes it out of the hosts.
    ///
    /// - Throws: a unique violation of `idempotency_key` where the same key is just making something elsewhere.
    package static func insert(_ new: NewHold, in session: isolated Session) throws -> HoldID {
        let request = new.request
        let unit = request.unit
        let row = try session.rows(
            """
            INSERT INTO muster.hold
                (tenant_id, name, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_model, gpu_count,
                 gpu_share_milli, scope, spread, relaxed, window_start, window_end, lead_seconds, grace_seconds,
                 expires_at, requested_count, held_count, prefer)
            VALUES (\(new.tenant.rawValue), \(request.name), \(unit.vcpuMilli), \(unit.memoryMiB), \(unit.diskGiB),
                    \(unit.bandwidthMbps), \(unit.gpuModel), \(unit.gpuCount), \(unit.gpuShareMilli),
                    \(try JSON(encoding: request.scope)), \(try JSON(encoding: request.spread)),
                    \(try JSON(encoding: new.plan.relaxed)),
                    \(new.window.start.postgres), \(new.window.end.postgres), \(request.lead.wholeSeconds),
                    \(request.grace.wholeSeconds), \(request.expiry(in: new.window).postgres), \(request.count),
                    \(request.count), \(try request.prefer.map { try JSON(encoding: $0) }))
            RETURNING hold_id
            """
        )[0]
        let id = HoldID(rawValue: try row.int64("hold_id"))
        if let idempotency = new.idempotency {
            try session.execute(
                """
                INSERT INTO muster.idempotency (tenant_id, key, body_hash, hold_id)
                VALUES (\(new.tenant.rawValue), \(idempotency.key), \(idempotency.bodyHash), \(id.rawValue))
                """
            )
        }
        return id
    }

    /// Takes `groups` out of their hosts for a hold. The guard refuses what does not fit.
    package static func reserve(_ groups: [Plan.Group], forHold id: HoldID, in session: isolated Session) throws {
        try session.execute(
            """
            INSERT INTO muster.reservation
                (hold_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps,
                 gpu_model, gpu_count, gpu_share_milli, gpu_devices)
            SELECT h.hold_id, g.host_id,
                   tstzrange(h.window_start - make_interval(secs => h.lead_seconds),
                             h.window_end + make_interval(secs => h.grace_seconds)),
                   g.held_count, g.held_count, h.vcpu_milli, h.memory_mib, h.disk_gib, h.bandwidth_mbps, h.gpu_model,
                   h.gpu_count, h.gpu_share_milli, g.devices::smallint[]
              FROM unnest(\(groups.map(\.host.rawValue)), \(groups.map(\.count)), \(groups.deviceTexts))
                   AS g (host_id, held_count, devices)
              JOIN muster.hold h ON h.hold_id = \(id.rawValue)
             ORDER BY g.host_id, g.devices
            """
        )
    }

    /// Locks the hold and reads it.
    package static func lockHold(_ id: HoldID, in session: isolated Session) throws -> HoldRecord? {
        try session.rows("SELECT * FROM muster.hold WHERE hold_id = \(id.rawValue) FOR NO KEY UPDATE").first
            .map { try HoldRecord($0) }
    }

    /// Locks up to `limit` holds whose time is over, the longest over first; those that somebody else is at are left out.
    package static func lockOverdueHolds(limit: Int, in session: isolated Session) throws -> [HoldID] {
        try session.rows(
            """
            SELECT hold_id
              FROM muster.hold
             WHERE state = 'held'
               AND expires_at <= muster.now()
             ORDER BY expires_at, hold_id
             LIMIT \(limit)
               FOR NO KEY UPDATE SKIP LOCKED
            """
        ).map { HoldID(rawValue: try $0.int64("hold_id")) }
    }

    /// Ends locked holds along one drawn arrow: what is left of them is free again at once, since nothing runs on it.
    package static func end(_ ids: [HoldID], on event: HoldState.Event, in session: isolated Session) throws {
        guard let next = HoldState.held.after(event) else { throw StoreError.stale }
        try session.execute(
            """
            WITH freed AS (
                UPDATE muster.reservation
                   SET live_count = 0, released_at = muster.now()
                 WHERE hold_id = ANY (\(ids.map(\.rawValue)))
                   AND live_count > 0
            )
            UPDATE muster.hold
               SET state = \(next.rawValue), state_since = muster.now(),
                   released_count = released_count + held_count, held_count = 0
             WHERE hold_id = ANY (\(ids.map(\.rawValue)))
               AND state = \(HoldState.held.rawValue)
            """
        )
    }
}
