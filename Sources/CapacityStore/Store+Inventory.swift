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

extension LedgerRow {
    fileprivate static let columns: Statement = """
        reservation_id, host_id, lower(held), upper(held), vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_model, gpu_count,
        gpu_share_milli, gpu_devices, order_id IS NULL, added_xid::text::bigint, live_count
        """

    /// By the place of `columns`, not by their names: there are two hundred thousand of these.
    fileprivate init(_ row: Row) throws(PostgresError) {
        id = try row.decode(0)
        host = HostID(rawValue: try row.decode(1))
        held = Window(
            start: CapacityModel.Instant(try row.decode(2, as: Postgres.Instant.self)),
            end: CapacityModel.Instant(try row.decode(3, as: Postgres.Instant.self)))
        amounts = Resources(
            vcpuMilli: try row.decode(4), memoryMiB: try row.decode(5), diskGiB: try row.decode(6),
            bandwidthMbps: try row.decode(7), gpuModel: try row.decode(8), gpuCount: try row.decode(9))
        amounts.gpuShareMilli = try row.decode(10)
        devices = try row.decode(11, as: [Int16]?.self)?.map { Int($0) } ?? []
        isHold = try row.decode(12)
        addedIn = try row.decode(13)
        instances = try row.decode(14)
    }
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

/// What a planner's picture has in it: every transaction that is visible in a snapshot, and a few rows that were read later.
package struct LedgerHorizon: Hashable, Sendable {
    /// As `pg_current_snapshot()` writes it: the oldest transaction that was running then, the first that was not begun, and
    /// which of those between were running. What a slow writer writes is seen when it commits, whatever was committed before.
    let snapshot: String
    /// The transaction that asked, where it writes itself: it knows what it adds, and reads what it changes again.
    let own: Int64?
    /// The rows of later transactions that the picture has all the same.
    let added: Set<Int64>

    fileprivate init(_ head: Row, rows: some Sequence<(id: Int64, addedIn: Int64)>) throws {
        snapshot = try head.text("snapshot")
        own = try head.decode("own", as: Int64?.self)
        let parts = snapshot.split(separator: ":", omittingEmptySubsequences: false)
        let oldest = parts.first.flatMap { Int64($0) } ?? 0
        let next = parts.count > 1 ? Int64(parts[1]) ?? 0 : 0
        let running = parts.count > 2 ? Set(parts[2].split(separator: ",").compactMap { Int64($0) }) : []
        added = rows.reduce(into: []) { added, row in
            if row.addedIn >= next || (row.addedIn >= oldest && running.contains(row.addedIn)) { added.insert(row.id) }
        }
    }

    fileprivate static let columns: Statement = """
        pg_current_snapshot()::text AS snapshot, pg_current_xact_id_if_assigned()::text::bigint AS own
        """

    /// Whether the transaction in `column` was not visible yet, or is `own`. The first half is for its index; a snapshot begins
    /// no later than the transaction that takes it.
    fileprivate func isBefore(_ column: Statement, butIncluding own: Int64? = nil) -> Statement {
        """
        \(statement: column) >= pg_snapshot_xmin(\(snapshot)::text::pg_snapshot)
                   AND (NOT pg_visible_in_snapshot(\(statement: column), (SELECT \(snapshot)::text::pg_snapshot))
                        OR \(statement: column) = \(own)::bigint::text::xid8)
        """
    }
}

extension Store {
    /// The whole fleet and ledger in one snapshot.
    package func fleetSnapshot() async throws(StoreError) -> FleetSnapshot {
        try await read { session in
            try session.transaction(isolation: .repeatableRead) { session in
                let head = try session.rows(
                    """
                    SELECT version, muster.now() AS now, \(statement: LedgerHorizon.columns),
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
                    horizon: try LedgerHorizon(head, rows: ledger.lazy.map { ($0.id, $0.addedIn) }),
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

    /// As ``ledgerChanges(since:knowing:)``, within a transaction that may go on to write. What it adds then is not among the
    /// changes since, for who adds knows it; hosts on which it changes what is there are.
    package static func ledgerChanges(
        since horizon: LedgerHorizon, knowing waiting: WaitingOrders = WaitingOrders(), in session: isolated Session
    ) throws -> LedgerChanges {
        let head = try session.rows(
            """
            SELECT v.version, muster.now() AS now, \(statement: LedgerHorizon.columns),
                   ARRAY(SELECT host_id FROM muster.host_ledger
                          WHERE \(statement: horizon.isBefore("changed_xid", butIncluding: horizon.own))
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
                \(statement: horizon.isBefore("added_xid"))
                   AND added_xid IS DISTINCT FROM \(horizon.own)::bigint::text::xid8
                   AND reservation_id <> ALL (\(horizon.added.sorted())) AND host_id <> ALL (\(hosts))
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
            horizon: try LedgerHorizon(head, rows: (added + ledger).map { ($0.id, $0.addedIn) }),
            now: try head.instant("now")
        )
    }

    private static func ledger(
        where condition: Statement, hasHeadroom: Bool, in session: isolated Session
    ) throws -> [LedgerRow] {
        var ledger = try session.rows(
            """
            SELECT \(statement: LedgerRow.columns)
              FROM muster.ledger_now
             WHERE \(statement: condition)
            """
        ).map { try LedgerRow($0) }
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
