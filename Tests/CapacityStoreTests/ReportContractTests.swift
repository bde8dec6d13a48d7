import CapacityModel
import CapacityStore
import Postgres
import TestSupport
import Testing

@Suite("The public SQL contract", .freshDatabase, .timeLimit(.minutes(5)))
struct ReportContractTests {
    /// Columns may be added at the end; none is renamed, retyped or taken away.
    static let contract: [String: String] = [
        "billing_by_order": """
        order_id bigint, tenant text, name text, spec text, window_start timestamptz, window_end timestamptz, state text, \
        instances bigint, instance_seconds bigint, currency text, amount_micro bigint
        """,
        "billing_by_day": """
        tenant text, day date, spec text, instance_seconds bigint, currency text, amount_micro bigint
        """,
        "release": """
        order_id bigint, tenant text, name text, state text, window_end timestamptz, instances bigint, released bigint, \
        first_stop_at timestamptz, last_stop_at timestamptz, p50_lag_seconds numeric, p99_lag_seconds numeric, leaked bigint
        """,
        "capacity_now": """
        site text, province text, carrier text, resource text, allocatable bigint, reserved bigint, free bigint, \
        capacity bigint, oversell_ratio numeric
        """,
        "orders": """
        order_id bigint, tenant text, name text, state text, created_at timestamptz, window_start timestamptz, \
        window_end timestamptz, spec text, requested_count integer, reserved_count integer, waiting_count integer, \
        refused_count integer, planned_count integer, assigned_count integer, starting_count integer, ready_count integer, \
        releasing_count integer, released_count integer, failed_count integer, spare_count integer, spare_amount_micro bigint
        """,
        "oversold": "host text, at timestamptz, resource text, reserved bigint, allocatable bigint",
        "unbalanced": "what text, id bigint, detail text",
        "repack": """
        proposal bigint, proposed_at timestamptz, inventory_version bigint, moves integer, large_slot_hours numeric, \
        hosts_emptied integer
        """,
        "repack_move": """
        proposal bigint, position integer, order_id bigint, hold_id bigint, instances integer, site text, from_host text, \
        to_host text, held_from timestamptz, held_until timestamptz, vcpu_milli bigint, memory_mib bigint
        """,
        "quota": """
        tenant text, quota text, resource text, gpu_model text, from_at timestamptz, until_at timestamptz, \
        limit_amount bigint, used_now bigint, peak_ahead bigint, peak_at timestamptz
        """,
    ]

    @Test("every view that people look at says in psql what it answers")
    func comments() async throws {
        let silent = try await FreshDatabase.current.pool.rows(
            """
            SELECT format('%s.%s', n.nspname, c.relname) AS view
              FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname IN ('report', 'queue') AND c.relkind = 'v' AND obj_description(c.oid, 'pg_class') IS NULL
            """
        )
        #expect(try silent.map { try $0.decode("view", as: String.self) } == [])
    }

    @Test("every view has the columns it is known for", arguments: contract.keys.sorted())
    func columns(view: String) async throws {
        let rows = try await FreshDatabase.current.pool.rows(
            """
            SELECT string_agg(column_name || ' ' ||
                              replace(data_type, 'timestamp with time zone', 'timestamptz'), ', ' ORDER BY ordinal_position)
                   AS columns
              FROM information_schema.columns WHERE table_schema = 'report' AND table_name = \(view)
            """
        )
        #expect(try rows[0].decode("columns", as: String.self) == Self.contract[view])
    }

    @Test("capacity at an instant counts what is held at it, from its start and not at its end")
    func capacityAt() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        try await ledger.take(3, on: 0, from: 10, to: 20)
        for (second, reserved) in [(9, 0), (10, 3_000), (19, 3_000), (20, 0)] {
            let at = (Ledger.epoch + .seconds(second)).postgres
            let row = try await ledger.store.pool.rows(
                "SELECT reserved, free FROM report.capacity_at(\(at)) WHERE resource = 'vcpu_milli'")[0]
            #expect(try row.decode("reserved", as: Int.self) == reserved, "second \(second)")
            #expect(try row.decode("free", as: Int.self) == 10_000 - reserved, "second \(second)")
        }
    }
}
