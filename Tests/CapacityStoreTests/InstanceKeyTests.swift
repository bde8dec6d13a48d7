import CapacityModel
import CapacityStore
import Postgres
import TestSupport
import Testing

@Suite("Instances and what they are on", .freshDatabase, .timeLimit(.minutes(5)))
struct InstanceKeyTests {
    /// A ledger of two hosts with an instance on the first, a second site, and an order that has nothing.
    private func open() async throws -> (ledger: Ledger, other: OrderID) {
        let ledger = try await Ledger.open(hosts: 2)
        let groups = [Plan.Group(host: ledger.hosts[0], site: SiteID(rawValue: 1), count: 1)]
        let order = ledger.order
        try await ledger.store.transaction { session in try Store.reserve(groups, for: order, in: session) }
        try await ledger.store.pool.execute(
            """
            INSERT INTO muster.site (name, province, city, carrier, origin)
            VALUES ('1201-telecom-1', '12', '1201', 'telecom', 'self')
            """
        )
        let request = try #require(await ledger.store.order(order, tenant: nil)).request
        let new = NewOrder(
            tenant: ledger.tenant, request: request, window: request.timing.window(at: Ledger.epoch),
            plan: Plan(groups: []), rates: [], idempotency: nil
        )
        return (ledger, try await ledger.store.transaction { session in try Store.insert(new, in: session) })
    }

    /// The constraint that refuses `statement`, `nil` where nothing does.
    private func refusal(of statement: Statement, _ ledger: Ledger) async throws -> String? {
        do {
            try await ledger.store.pool.execute(statement)
            return nil
        } catch let error as PostgresError {
            return error.constraint
        }
    }

    @Test("an instance is on the host of a reservation of its own order, at that host's site")
    func belongs() async throws {
        let (ledger, other) = try await open()
        let order = ledger.order.rawValue
        let hosts = ledger.hosts.map(\.rawValue)
        for (order, reservation, host, site) in [
            (other.rawValue, 1, hosts[0], 1), (order, 2, hosts[0], 1), (order, 1, hosts[1], 1), (order, 1, hosts[0], 2),
        ] as [(Int64, Int64, Int64, Int64)] {
            let refused = try await refusal(
                of: """
                    INSERT INTO muster.instance (order_id, reservation_id, host_id, site_id, billed_from)
                    VALUES (\(order), \(reservation), \(host), \(site), muster.now())
                    """, ledger)
            #expect(refused == "instance_of_reservation")
        }
        #expect(try await ledger.store.pool.rows("SELECT 1 FROM muster.instance").count == 1)
    }

    @Test("an instance is not moved elsewhere, and what it is on is not deleted")
    func stays() async throws {
        let (ledger, other) = try await open()
        for change: Statement in [
            "order_id = \(other.rawValue)", "reservation_id = 2", "host_id = \(ledger.hosts[1].rawValue)",
            "site_id = 2",
        ] {
            let refused = try await refusal(of: "UPDATE muster.instance SET \(statement: change)", ledger)
            #expect(refused == "instance_of_reservation")
        }
        #expect(try await refusal(of: "DELETE FROM muster.reservation", ledger) == "instance_of_reservation")
        for table: Statement in ["muster.\"order\"", "muster.host", "muster.site"] {
            #expect(try await refusal(of: "DELETE FROM \(statement: table)", ledger) != nil)
        }
        // Those of the second site go with it; only what instances were on is kept.
        try await ledger.store.pool.execute("DELETE FROM muster.assignment_cursor WHERE site_id = 2")
        try await ledger.store.pool.execute("DELETE FROM muster.site_agent WHERE site_id = 2")
        #expect(try await refusal(of: "DELETE FROM muster.site WHERE site_id = 2", ledger) == nil)
    }
}
