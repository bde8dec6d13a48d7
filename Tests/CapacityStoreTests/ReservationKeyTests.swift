import CapacityModel
import CapacityStore
import Postgres
import TestSupport
import Testing

@Suite("Reservations and what they are of", .freshDatabase, .timeLimit(.minutes(5)))
struct ReservationKeyTests {
    /// What refuses `statement` at the isolation level given; `nil` where nothing does.
    private func refusal(
        of statement: Statement, in ledger: Ledger, isolation: Isolation = .readCommitted
    ) async throws -> PostgresError? {
        do {
            try await ledger.store.pool.transaction(isolation: isolation) { session in try session.execute(statement) }
            return nil
        } catch let error as PostgresError {
            return error
        }
    }

    private func reservation(of order: OrderID, on host: HostID) -> Statement {
        """
        INSERT INTO muster.reservation (order_id, host_id, held, instance_count, live_count, vcpu_milli, memory_mib,
                                        disk_gib, bandwidth_mbps, gpu_count)
        VALUES (\(order.rawValue), \(host.rawValue), '[2030-01-01, 2030-01-02)', 1, 1, 1000, 1024, 0, 0, 0)
        """
    }

    @Test("a reservation is of an order and on a host that are there, when it is made and when it moves")
    func belongs() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        let (order, host) = (ledger.order, ledger.hosts[0])
        let nobody = OrderID(rawValue: order.rawValue + 1_000)
        let nowhere = HostID(rawValue: host.rawValue + 1_000)
        #expect(
            try await refusal(of: reservation(of: nobody, on: host), in: ledger)?.constraint == "reservation_of_order")
        #expect(
            try await refusal(of: reservation(of: order, on: nowhere), in: ledger)?.constraint == "reservation_on_host")
        #expect(try await refusal(of: reservation(of: order, on: host), in: ledger) == nil)
        for (column, id, constraint) in [
            ("order_id", nobody.rawValue, "reservation_of_order"), ("host_id", nowhere.rawValue, "reservation_on_host"),
        ] as [(Statement, Int64, String)] {
            let moved: Statement = "UPDATE muster.reservation SET \(statement: column) = \(id)"
            #expect(try await refusal(of: moved, in: ledger)?.constraint == constraint)
        }
    }

    @Test("an order or a host is not deleted while something is reserved for it, however late it commits")
    func keeps() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        let pool = ledger.store.pool
        try await pool.execute("DELETE FROM muster.order_event")
        let late = try await Session.connect(FreshDatabase.current.configuration)
        try await late.script(unchecked: "BEGIN")
        try await late.execute(reservation(of: ledger.order, on: ledger.hosts[0]))
        for table: Statement in ["\"order\"", "host_ledger"] {
            let error = await #expect(throws: PostgresError.self) {
                try await pool.transaction { session in
                    try session.execute("SET LOCAL lock_timeout = '20ms'")
                    try session.execute("DELETE FROM muster.\(statement: table)")
                }
            }
            #expect(error?.kind == .lockTimeout)
        }
        try await late.script(unchecked: "COMMIT")
        await late.close()
        #expect(
            try await refusal(of: "DELETE FROM muster.\"order\"", in: ledger)?.constraint == "reservation_of_order")
        try await pool.execute("DELETE FROM muster.host_ledger")
        #expect(try await refusal(of: "DELETE FROM muster.host", in: ledger)?.constraint == "reservation_on_host")
    }

    @Test("nothing is reserved by a snapshot that cannot see what others commit meanwhile")
    func reads() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        let row = reservation(of: ledger.order, on: ledger.hosts[0])
        for isolation in [Isolation.repeatableRead, .serializable] {
            let error = try await refusal(of: row, in: ledger, isolation: isolation)
            #expect(error?.isOfSnapshot == true)
            #expect(error?.message.contains("at READ COMMITTED, not at \(isolation.rawValue)") == true)
        }
        #expect(try await ledger.store.pool.rows("SELECT 1 FROM muster.reservation").isEmpty)
    }
}
