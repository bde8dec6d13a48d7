import CapacityModel
import CapacityStore
import Postgres
import TestSupport
import Testing

@Suite("The schema says what the model says", .freshDatabase, .timeLimit(.minutes(5)))
struct SchemaTests {
    @Test(
        "a CHECK lists exactly the states of the model",
        arguments: [
            ("instance_state_known", CapacityModel.Instance.State.allCases.map(\.rawValue)),
            ("order_state_known", OrderState.allCases.map(\.rawValue)),
            ("hold_state_known", HoldState.allCases.map(\.rawValue)),
            ("closure_kind_known", Closure.Kind.allCases.map(\.rawValue)),
            ("offer_set_state_known", OfferSetState.allCases.map(\.rawValue)),
            ("order_kind_known", Spec.Kind.allCases.map(\.rawValue)),
            ("order_policy_known", Fulfilment.Policy.allCases.map(\.rawValue)),
            ("site_carrier_known", Carrier.allCases.map(\.rawValue)),
            ("price_area_known", Area.allCases.map(\.rawValue)),
            ("order_price_area_known", Area.allCases.map(\.rawValue)),
            ("instance_failure_code_known", CapacityModel.Instance.FailureCode.allCases.map(\.rawValue)),
            ("order_problem_code_known", CapacityModel.Instance.FailureCode.allCases.map(\.rawValue)),
            ("order_affinity_kind_known", OrderAffinity.Kind.allCases.map(\.rawValue)),
            ("order_affinity_level_known", SpreadRule.Level.allCases.map(\.rawValue)),
            ("order_affinity_when_known", SpreadRule.WhenUnsatisfiable.allCases.map(\.rawValue)),
            ("instance_move_state_known", InstanceMove.State.allCases.map(\.rawValue)),
            ("order_event_kind_known", OrderEventRecord.Kind.allCases.map(\.rawValue)),
        ]
    )
    func checks(constraint: String, values: [String]) async throws {
        let rows = try await FreshDatabase.current.pool.rows(
            """
            SELECT (regexp_matches(pg_get_constraintdef(oid), '''([^'']+)''', 'g'))[1] AS value
              FROM pg_constraint WHERE conname = \(constraint)
            """
        )
        #expect(Set(try rows.map { try $0.decode("value", as: String.self) }) == Set(values))
    }

    @Test("every province lies in the same area in SQL and in Swift")
    func areas() async throws {
        for province in Province.all {
            let row = try await FreshDatabase.current.pool.rows("SELECT muster.area_of(\(province.code)) AS area")[0]
            #expect(try row.decode("area", as: String.self) == province.area.rawValue)
        }
    }

    @Test("counts that do not balance cannot be written")
    func balance() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        let (pool, id) = (ledger.store.pool, ledger.order.rawValue)
        for change: Statement in ["waiting_count = waiting_count - 1", "ready_count = 1", "refused_count = -1"] {
            await #expect(throws: PostgresError.self) {
                try await pool.execute("UPDATE muster.\"order\" SET \(statement: change) WHERE order_id = \(id)")
            }
        }
    }

    @Test("instances move the counts of their order, in every state")
    func counting() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        let (pool, order) = (ledger.store.pool, ledger.order)
        try await ledger.store.transaction { session in
            try Store.reserve(
                [Plan.Group(host: ledger.hosts[0], site: SiteID(rawValue: 1), count: 7)], for: order, in: session)
        }
        // One instance in each of six states; the failed seventh is waiting again.
        try await pool.execute(
            """
            UPDATE muster.instance i
               SET state = s.state, assignment_sequence = s.position,
                   stopped_at = CASE WHEN s.state IN ('released', 'failed') THEN muster.now() END
              FROM unnest(ARRAY['planned', 'assigned', 'starting', 'ready', 'releasing', 'released', 'failed'])
                   WITH ORDINALITY AS s (state, position)
             WHERE i.instance_id = (SELECT min(instance_id) FROM muster.instance) + s.position - 1
            """
        )
        let record = try #require(await ledger.store.order(order, tenant: nil))
        #expect(
            record.counts
                == OrderCounts(
                    requested: 100_000, waiting: 99_994, planned: 1, assigned: 1, starting: 1, ready: 1, releasing: 1,
                    released: 1, failed: 1
                )
        )
        #expect(try await pool.rows("SELECT * FROM report.unbalanced").isEmpty)
        let live = try await pool.rows("SELECT live_count FROM muster.reservation")[0]
        #expect(try live.decode("live_count", as: Int.self) == 5)
    }

    @Test("the events of an order are numbered without gaps and end with what is")
    func events() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        try await ledger.store.transaction { session in
            try Store.reserve(
                [Plan.Group(host: ledger.hosts[0], site: SiteID(rawValue: 1), count: 2)], for: ledger.order, in: session
            )
        }
        try await ledger.store.transaction { session in _ = try Store.assign(ledger.order, in: session) }
        let events = try await ledger.store.events(of: ledger.order, after: 0, limit: 100)
        #expect(events.map(\.sequence) == Array(1...Int64(events.count)))
        #expect(events.last?.counts.assigned == 2)
        #expect(try await ledger.store.events(of: ledger.order, after: 1, limit: 100).first?.sequence == 2)
    }
}
