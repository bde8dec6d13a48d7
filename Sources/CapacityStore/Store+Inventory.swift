package import CapacityModel
package import Postgres

/// One row of the ledger as a planner sees it: `amounts` are the row's total, `held` is what admission compares.
package struct LedgerRow: Hashable, Sendable {
    package var id: Int64
    package var host: HostID
    package var held: Window
    package var amounts: Resources
    /// The GPUs of the host that it is on, by index.
    package var devices: [Int]
    /// Whether it is a hold or an offer, on which nothing is deployed.
    package var isHold = false
    /// The transaction that added it, for a planner.
    package var addedIn: Int64 = 0
    /// Whose it is; known on hosts of which something is protected.
    package var tenantClass: TenantClass?
    /// How many instances `amounts` are the total of.
    package var instances = 1
}

/// A stretch of time in which a host takes nothing new. Where it has no bound, an instant far away stands for it.
package struct HostClosure: Hashable, Sendable {
    package var host: HostID
    package var window: Window

    package init(host: HostID, window: Window) {
        self.host = host
        self.window = window
    }
}

/// Everything a planner knows, read at one instant.
package struct FleetSnapshot: Sendable {
    package var version: Int64
    package var sites: [Site]
    package var hosts: [Host]
    package var ledger: [LedgerRow]
    package var waiting: WaitingOrders
    package var closures: [HostClosure]
    /// What is protected on hosts. A change of it is one of the fleet, and has a new version.
    package var headrooms: [HostHeadroom]
    /// Whether any tenant has a quota.
    package var hasQuotas: Bool
    package var horizon: LedgerHorizon
    package var now: CapacityModel.Instant
}

/// What changed in the ledger since a horizon.
package struct LedgerChanges: Sendable {
    /// Differs from the planner's where the fleet changed; then only a new snapshot helps.
    package var version: Int64
    /// What came to other hosts than `hosts`.
    package var added: [LedgerRow]
    /// Hosts whose reservations or closures may have changed otherwise; what they have now is all in `ledger` and `closures`.
    package var hosts: [HostID]
    package var ledger: [LedgerRow]
    /// All of the waiting list, whether it changed or not.
    package var waiting: WaitingOrders
    package var closures: [HostClosure]
    /// Whether any tenant has a quota.
    package var hasQuotas: Bool
    package var horizon: LedgerHorizon
    package var now: CapacityModel.Instant
}

/// Transactions before it are in the planner's picture; later ones may not be.
///
/// It is the oldest transaction still running when the picture was taken, so a slow writer makes its hosts be read again
/// rather than missed.
package struct LedgerHorizon: Hashable, Sendable {
    var xmin: String
    /// The rows that the picture has of those later ones, each with its transaction.
    var added: [Int64: Int64]

    fileprivate init(xmin: String, rows: some Sequence<(id: Int64, addedIn: Int64)>) {
        self.xmin = xmin
        let oldest = Int64(xmin) ?? 0
        added = [:]
        for row in rows where row.addedIn >= oldest { added[row.id] = row.addedIn }
    }
}

extension Store {
    /// The whole fleet and ledger in one snapshot.
    package func fleetSnapshot() async throws(StoreError) -> FleetSnapshot {
        try await read { session in
            try session.transaction(isolation: .repeatableRead) { session in
                let head = try session.rows(
                    """
                    SELECT version, muster.now() AS now, pg_snapshot_xmin(pg_current_snapshot())::text AS horizon,
                           EXISTS (SELECT FROM muster.quota) AS has_quotas
                      FROM muster.inventory
                    """
                )[0]
                let sites = try session.rows("SELECT * FROM muster.site").map { try Site($0) }
                let hosts = try session.rows("SELECT * FROM muster.allocatable").map { row in
                    Host(
                        id: HostID(rawValue: try row.int64("host_id")),
                        site: SiteID(rawValue: try row.int64("site_id")),
                        name: try row.text("name"),
                        allocatable: try row.resources()
                    )
                }
                let headrooms = try Store.hostHeadrooms(in: session)
                let ledger = try Store.ledger(where: "true", hasHeadroom: !headrooms.isEmpty, in: session)
                return FleetSnapshot(
                    version: try head.int64("version"),
                    sites: sites,
                    hosts: hosts,
                    ledger: ledger,
                    waiting: try Store.waiting(in: session),
                    closures: try Store.closures(where: "true", in: session),
                    headrooms: headrooms,
                    hasQuotas: try head.decode("has_quotas", as: Bool.self),
                    horizon: LedgerHorizon(
                        xmin: try head.text("horizon"), rows: ledger.lazy.map { ($0.id, $0.addedIn) }),
                    now: try head.instant("now")
                )
            }
        }
    }

    /// What other transactions committed since `horizon`, and the hosts on which something overruns its end.
    ///
    /// A statement may see more than the one before. That does no harm: of a host that is read as a whole the last word
    /// counts, and what is added to another is known by its id, whenever it is read again.
    ///
    /// - Parameter waiting: The waiting list as it was then.
    package func ledgerChanges(
        since horizon: LedgerHorizon, knowing waiting: WaitingOrders = WaitingOrders()
    ) async throws(StoreError) -> LedgerChanges {
        try await read { session in try Store.ledgerChanges(since: horizon, knowing: waiting, in: session) }
    }

    /// As ``ledgerChanges(since:knowing:)``, within a transaction that has changed nothing yet.
    package static func ledgerChanges(
        since horizon: LedgerHorizon, knowing waiting: WaitingOrders, in session: isolated Session
    ) throws -> LedgerChanges {
        let head = try session.rows(
            """
            SELECT v.version, muster.now() AS now, pg_snapshot_xmin(pg_current_snapshot())::text AS horizon,
                   ARRAY(SELECT host_id FROM muster.host_ledger
                          WHERE changed_xid >= \(horizon.xmin)::text::xid8
                          UNION
                         SELECT host_id FROM muster.reservation
                          WHERE live_count > 0 AND upper(held) <= muster.now()
                          ORDER BY host_id) AS hosts,
                   EXISTS (SELECT FROM muster.host_headroom) AS has_headroom,
                   EXISTS (SELECT FROM muster.quota) AS has_quotas
              FROM muster.inventory v
            """
        )[0]
        let hosts = try head.decode("hosts", as: [Int64].self)
        let hasHeadroom = try head.decode("has_headroom", as: Bool.self)
        let added = try Store.ledger(
            where: """
                added_xid >= \(horizon.xmin)::text::xid8
                   AND reservation_id <> ALL (\(horizon.added.keys.sorted())) AND host_id <> ALL (\(hosts))
                """, hasHeadroom: hasHeadroom, in: session)
        let ledger =
            hosts.isEmpty
            ? [] : try Store.ledger(where: "host_id = ANY (\(hosts))", hasHeadroom: hasHeadroom, in: session)
        let changed = hosts.map { HostID(rawValue: $0) }
        let closures = hosts.isEmpty ? [] : try Store.closures(where: "host_id = ANY (\(hosts))", in: session)
        return LedgerChanges(
            version: try head.int64("version"),
            added: added,
            hosts: changed,
            ledger: ledger,
            waiting: try Store.waiting(knowing: waiting, changed: changed, in: session),
            closures: closures,
            hasQuotas: try head.decode("has_quotas", as: Bool.self),
            horizon: LedgerHorizon(
                xmin: try head.text("horizon"),
                rows: horizon.added.map { ($0.key, $0.value) } + (added + ledger).map { ($0.id, $0.addedIn) }),
            now: try head.instant("now")
        )
    }

    private static func ledger(
        where condition: Statement, hasHeadroom: Bool, in session: isolated Session
    ) throws -> [LedgerRow] {
        var ledger = try session.rows(
            """
            SELECT reservation_id, host_id, order_id IS NULL AS is_hold, lower(held) AS held_from,
                   upper(held) AS held_until, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_model, gpu_count,
                   gpu_share_milli, gpu_devices, added_xid::text::bigint AS added_in, live_count
              FROM muster.ledger_now
             WHERE \(statement: condition)
            """
        ).map { row in
            LedgerRow(
                id: try row.int64("reservation_id"),
                host: HostID(rawValue: try row.int64("host_id")),
                held: try row.window("held_from", "held_until"),
                amounts: try row.unit(),
                devices: try row.devices(),
                isHold: try row.decode("is_hold", as: Bool.self),
                addedIn: try row.int64("added_in"),
                instances: try row.int("live_count")
            )
        }
        guard hasHeadroom else { return ledger }
        // Asked after the rows, so that it is known of each of them.
        let classes = try rowClasses(where: condition, in: session)
        for index in ledger.indices { ledger[index].tenantClass = classes[ledger[index].id] }
        return ledger
    }

    private static func closures(where condition: Statement, in session: isolated Session) throws -> [HostClosure] {
        try session.rows(
            """
            SELECT host_id, coalesce(lower(span), '1970-01-01Z') AS closed_from,
                   coalesce(upper(span), '9999-12-31Z') AS closed_until
              FROM muster.host_closure_now
             WHERE \(statement: condition)
            """
        ).map { row in
            HostClosure(
                host: HostID(rawValue: try row.int64("host_id")),
                window: try row.window("closed_from", "closed_until")
            )
        }
    }
}
