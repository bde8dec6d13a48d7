import CapacityModel
import CapacityStore
import Delivery
import JobQueue
import Logging
import Metering
import Postgres
import TestSupport

typealias Instant = CapacityModel.Instant

/// A small fleet, a customer, a clock that stands still until told otherwise, and agents that do what they are told.
struct Shop: Sendable {
    static let opening = Instant(secondsSinceEpoch: 1_800_000_000)

    let pool: Pool
    let store: Store
    let planner: Planner
    let bell: Bell
    let desk: OrderDesk
    let reports: ReportDesk
    let reconciler: ReconcileOrder
    let tenant: TenantID

    /// `hosts` hosts of 4 cores and 8 GiB at each of `sites` sites, one site a province.
    static func open(sites: Int = 2, hosts: Int = 1) async throws -> Shop {
        let pool = FreshDatabase.current.pool
        try await pool.withSession { session in
            try await session.script(
                unchecked: """
                    CREATE TABLE public.shop_clock (at timestamptz NOT NULL);
                    INSERT INTO public.shop_clock VALUES ('2027-01-15T08:00:00Z');
                    CREATE OR REPLACE FUNCTION muster.now() RETURNS timestamptz
                        LANGUAGE sql STABLE AS 'SELECT at FROM public.shop_clock';
                    """
            )
        }
        let store = Store(pool: pool)
        let provinces = Array(Province.all.prefix(sites))
        let names = provinces.map { "\($0.code)01-telecom-1" }
        _ = try await store.importFleet(
            sites: zip(provinces, names).map { province, name in
                NewSite(
                    name: name, province: province.code, city: province.code + "01", carrier: .telecom, origin: "self",
                    capabilities: []
                )
            },
            hosts: names.flatMap { site in
                (1...hosts).map { number in
                    NewHost(
                        site: site, name: "\(site)-h\(number)",
                        allocatable: Resources(vcpuMilli: 4_000, memoryMiB: 8_192, diskGiB: 100, bandwidthMbps: 1_000)
                    )
                }
            }
        )
        try await store.createKey(role: "tenant", tenant: "probe", prefix: "mk_t", hash: Array(repeating: 7, count: 32))
        guard case .tenant(let tenant)? = try await store.principal(keyHash: Array(repeating: 7, count: 32))?.role
        else {
            throw StoreError.stale
        }
        let logger = Logger(label: "shop") { _ in SwiftLogNoOpLogHandler() }
        let planner = Planner(store: store)
        let bell = Bell(pool: pool)
        return Shop(
            pool: pool, store: store, planner: planner, bell: bell,
            desk: OrderDesk(store: store, planner: planner, bell: bell, logger: logger),
            reports: ReportDesk(store: store, bell: bell),
            reconciler: ReconcileOrder(store: store, planner: planner, bell: bell, logger: logger),
            tenant: tenant
        )
    }

    /// Moves the business clock to `seconds` after opening.
    func clock(_ seconds: Int64) async throws {
        let at = (Self.opening + .seconds(seconds)).postgres
        try await pool.execute("UPDATE public.shop_clock SET at = \(at)")
    }

    /// One core and 1 GiB each, from `start` seconds after opening (`nil`: now) for `duration` seconds, no grace.
    static func request(
        _ count: Int, start: Int64? = nil, duration: Int64 = 3_600, grace: Int64 = 0,
        fulfilment: Fulfilment = .allOrNothing, spread: [SpreadRule] = []
    ) -> OrderRequest {
        OrderRequest(
            spec: Spec(resources: Resources(vcpuMilli: 1_000, memoryMiB: 1_024), image: "muster.local/probe:1"),
            count: count,
            timing: OrderRequest.Timing(start: start.map { opening + .seconds($0) }, duration: .seconds(duration)),
            spread: spread,
            fulfilment: fulfilment,
            release: OrderRequest.ReleasePolicy(grace: .seconds(grace))
        )
    }

    /// Orders and expects to be served.
    func order(_ request: OrderRequest) async throws -> OrderRecord {
        let outcome = try await desk.order(request, quoteID: nil, tenant: tenant, idempotency: nil)
        guard case .accepted(let record, _) = outcome else { throw Unserved(outcome: outcome) }
        return record
    }

    struct Unserved: Error {
        var outcome: OrderOutcome
    }

    func record(_ id: OrderID) async throws -> OrderRecord {
        guard let record = try await store.order(id, tenant: tenant) else { throw StoreError.stale }
        return record
    }

    /// Whether somebody waits for what the session's transaction has.
    static func isInTheWay(_ session: isolated Session) throws -> Bool {
        try session.rows(
            """
            SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))
            """
        )[0].decode(0)
    }

    /// What every story ends with: whether the books are in order.
    func breaches() async throws -> [String] {
        let oversold = try await pool.rows("SELECT host || ' ' || resource AS what FROM report.oversold")
        let unbalanced = try await pool.rows(
            "SELECT what || ' ' || id || ': ' || detail AS what FROM report.unbalanced")
        return try (Array(oversold) + Array(unbalanced)).map { try $0.decode("what", as: String.self) }
    }
}

/// The agents of all sites of a shop: they read what they are told and report what a test says they saw.
actor FakeAgents {
    let shop: Shop
    private var cursors: [String: Int64] = [:]
    private var sequences: [String: Int64] = [:]
    private(set) var told: [InstanceID: (site: String, assignment: AssignmentRecord)] = [:]

    init(_ shop: Shop) {
        self.shop = shop
    }

    /// Reads every site's assignments from its cursor on; returns what was new.
    @discardableResult
    func pull() async throws -> [AssignmentRecord] {
        var fresh: [AssignmentRecord] = []
        for site in try await shop.store.sites(after: nil, limit: 1_000) {
            let name = site.site.name
            let after = cursors[name, default: 0]
            guard let (rows, _) = try await shop.store.assignments(site: name, after: after, limit: 1_000) else {
                continue
            }
            for row in rows {
                told[row.instance] = (name, row)
                cursors[name] = row.sequence
                fresh.append(row)
            }
        }
        return fresh
    }

    /// Reports `event` for those instances that `which` picks, `at` seconds after opening, with the epochs as told.
    func report(
        _ event: CapacityModel.Instance.Event, at seconds: Int64, epochLess: Int64 = 0,
        code: CapacityModel.Instance.FailureCode? = nil,
        where which: @Sendable (AssignmentRecord) -> Bool = { _ in true }
    ) async throws {
        var reports: [String: [ObservationRecord]] = [:]
        for (site, assignment) in told.values where which(assignment) {
            reports[site, default: []].append(
                ObservationRecord(
                    instance: assignment.instance, epoch: assignment.epoch - epochLess, event: event,
                    at: Shop.opening + .seconds(seconds), address: event == .ready ? "100.64.0.9" : nil,
                    message: code.map { "\(site): \($0.rawValue)" }, code: code
                )
            )
        }
        let sent = reports.sorted { $0.key < $1.key }.map { site, observations in
            sequences[site, default: 0] += 1
            return SiteReport(site: site, sequence: sequences[site, default: 0], observations: observations)
        }
        _ = try await shop.reports.absorb(sent)
    }
}
