import CapacityModel
import CapacityStore
import Delivery
import Placement
import Postgres

/// One order of a million instances over 100,000 hosts: how long planning takes, and making it durable, against COPY
/// of the very same rows and one UPDATE of the hosts' marks.
///
/// The instance is as large as a million of it still fit, so that nearly every host is in the plan. What is written
/// is copied out of a first run; ours and the floor then begin with the same empty ledger, each in a fresh database.
struct MillionBench {
    let arena: BenchArena
    var rounds = 3
    private static let count = 1_000_000

    func results() async throws -> [BenchResult] {
        try await arena.template("large") { database in
            try await LedgerGround.fill(database, with: FleetSynthesis(seed: 2, siteCount: 2_000, hostCount: 100_000))
        }
        let (request, window, plan, planning) = try await arena.withDatabase(from: "large") { database in
            let ground = try await LedgerGround.open(database, size: 1)
            let planned = try await planned(on: ground)
            await ground.pool.shutdown()
            return planned
        }
        BenchReport.note("a million on \(plan.groups.count) hosts, \(request.spec.resources.vcpuMilli) mC each")
        let folder = try await arena.withDatabase(from: "large") { database in
            try await write(request, window, plan, in: database).files
        }
        var pairs: [(ours: Double, floor: Double)] = []
        for _ in 0..<rounds {
            let ours = try await arena.withDatabase(from: "large") { database in
                try await write(request, window, plan, in: database, keeping: false).seconds
            }
            let floor = try await arena.withDatabase(from: "large") { database in
                try await copy(folder, into: database)
            }
            BenchReport.note("a million: ours \(ours.shown) s, floor \(floor.shown) s")
            pairs.append((ours, floor))
        }
        let middle = pairs.sorted { $0.ours * $1.floor < $1.ours * $0.floor }[rounds / 2]
        return [
            BenchResult(key: "million.plan_s", planning, "s", below: 1),
            BenchResult(ratio: "million.durable_ratio", of: middle.ours, to: middle.floor, atMost: 2),
        ]
    }

    private func planned(on ground: LedgerGround) async throws -> (OrderRequest, Window, Plan, seconds: Double) {
        let picture = try await Planner(store: ground.store).current()
        let window = Window(start: picture.now.wholeSecond + .seconds(86_400), duration: .seconds(14_400))
        // From small to large; the last that fits is the one.
        var best: (OrderRequest, Plan)?
        var times: [Double] = []
        for vcpuMilli in stride(from: Int64(4_000), through: 7_000, by: 250) {
            let request = LedgerGround.request(Self.count, vcpuMilli: vcpuMilli, in: window)
            let began = ContinuousClock.now
            let verdict = place(Demand(request, window: window), on: picture.inventory)
            let elapsed = (.now - began).inSeconds
            guard case .placed(let plan, missing: 0) = verdict else { break }
            times.append(elapsed)
            best = (request, plan)
        }
        guard let (request, plan) = best else { throw BenchFailure("a million small instances do not fit") }
        return (request, window, plan, percentile(times, 0.99))
    }

    /// Makes the order as a desk does; what was written is left in files of the server where `keeping`.
    private func write(
        _ request: OrderRequest, _ window: Window, _ plan: Plan, in database: ArenaDatabase, keeping: Bool = true
    ) async throws -> (seconds: Double, files: String) {
        let ground = try await LedgerGround.open(database, size: 1)
        let new = NewOrder(
            tenant: ground.tenant, request: request, window: window, plan: plan, rates: [], idempotency: nil)
        let began = ContinuousClock.now
        let order = try await ground.store.transaction { session in
            let order = try Store.insert(new, in: session)
            try Store.reserve(plan.groups, for: order, in: session)
            return order
        }
        let seconds = (.now - began).inSeconds
        let record = try await ground.store.order(order, tenant: nil)
        guard record?.counts.planned == Self.count else { throw BenchFailure("a million was asked for and not held") }
        let files = keeping ? try await ground.pool.withSession { try await Self.keep(in: $0) } : ""
        await ground.pool.shutdown()
        return (seconds, files)
    }

    private static let kept = ["reservation", "instance"]

    /// Copies what was written to files in the folder of the template's database, with which they go; returns its name,
    /// quoted.
    private static func keep(in session: Session) async throws -> String {
        let folder = try await session.rows(
            """
            SELECT quote_literal(current_setting('data_directory') || '/base/' || oid)
              FROM pg_database WHERE datname = \(BenchArena.prefix + "large")
            """
        )[0].decode(0, as: String.self)
        for table in kept {
            let columns = try await TwinLedger.columns(of: table, in: session)
            try await session.script(
                unchecked: "COPY (SELECT \(columns) FROM muster.\(table)) TO \(file(table, in: folder)) (FORMAT binary)"
            )
        }
        return folder
    }

    private static func file(_ table: String, in folder: String) -> String {
        folder.dropLast() + "/bench_\(table).copy'"
    }

    /// Seconds in which bare SQL stores the same rows and marks the same hosts.
    private func copy(_ folder: String, into database: ArenaDatabase) async throws -> Double {
        try await database.withSession { session in
            try await TwinLedger.create(in: session)
            var script = ["BEGIN"]
            for table in Self.kept {
                let columns = try await TwinLedger.columns(of: table, in: session)
                script.append("COPY raw.\(table) (\(columns)) FROM \(Self.file(table, in: folder)) (FORMAT binary)")
            }
            script += [
                """
                UPDATE raw.host_ledger SET changed_xid = changed_xid
                 WHERE host_id IN (SELECT host_id FROM raw.reservation)
                """,
                "COMMIT",
            ]
            let text = script.joined(separator: "; ")
            let began = ContinuousClock.now
            try await session.script(unchecked: text)
            return (.now - began).inSeconds
        }
    }
}
