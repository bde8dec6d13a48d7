import CapacityModel
import CapacityStore
import Postgres
import TestSupport
import Testing

@Suite("The bound of the waiting list", .freshDatabase, .timeLimit(.minutes(5)))
struct WaitingBoundTests {
    @Test("is the same in SQL and in Swift")
    func limit() async throws {
        let limit: Int = try await FreshDatabase.current.pool.rows("SELECT muster.waiting_limit()")[0].decode(0)
        #expect(limit == Store.waitingLimit)
    }

    @Test("of two who take its last place in the same moment the second waits for the first, and is refused by name")
    func lastPlace() async throws {
        let (ledger, pool) = try await Self.full(but: 1)
        let first = try await Session.connect(FreshDatabase.current.configuration)
        try await first.script(unchecked: "BEGIN")
        try await first.insert(ledger.waiting())
        let second = try await Session.connect(FreshDatabase.current.configuration)
        try await second.script(unchecked: "BEGIN")
        try await second.insert(ledger.waiting())
        // As when it commits, but not yet over.
        try await first.script(unchecked: "SET CONSTRAINTS ALL IMMEDIATE")
        async let refusal = second.refusalToCommit()
        while try await !pool.isAnybodyWaiting() {}
        try await first.script(unchecked: "COMMIT")
        let why = try #require(await refusal)
        #expect(StoreError(why) == .waitingListFull)
        #expect(why.constraint == "order_waiting_bound" && why.message.contains("4096 orders"))
        #expect(try await pool.waitingOrders() == Store.waitingLimit)
        await first.close()
        await second.close()
    }

    @Test("is nobody's who does not wait, and does not keep what was placed from waiting once it is lost")
    func others() async throws {
        let (ledger, pool) = try await Self.full(but: 0)
        for request in [ledger.waiting(topUp: false), ledger.waiting()] {
            _ = try await ledger.store.transaction { session in
                let id = try Store.insert(request, in: session)
                try Store.reserve(
                    [Plan.Group(host: ledger.hosts[0], site: SiteID(rawValue: 1), count: 1)], for: id, in: session)
            }
        }
        try await pool.execute(
            "UPDATE muster.instance SET state = 'failed', stopped_at = muster.now(), assignment_sequence = instance_id")
        #expect(try await pool.waitingOrders() == Store.waitingLimit + 2)
        await #expect(throws: StoreError.waitingListFull) {
            try await ledger.store.transaction { session in _ = try Store.insert(ledger.waiting(), in: session) }
        }
    }

    @Test("is held to what is committed: an order that waits is made at no other level of isolation")
    func isolation() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        let error = await #expect(throws: PostgresError.self) {
            try await ledger.store.pool.transaction(isolation: .repeatableRead) { session in
                _ = try Store.insert(ledger.waiting(), in: session)
            }
        }
        #expect(error?.message.contains("READ COMMITTED") == true)
    }

    /// A ledger beside which all but so many places of the list are taken.
    private static func full(but places: Int) async throws -> (Ledger, Pool) {
        let ledger = try await Ledger.open(hosts: 1)
        // The ledger's own order waits as well.
        try await ledger.store.pool.copyWaitingOrder(ledger.order.rawValue, Store.waitingLimit - 1 - places)
        return (ledger, ledger.store.pool)
    }
}

extension Ledger {
    /// An order of one that waits for it, or gives up what it does not get.
    fileprivate func waiting(topUp: Bool = true) -> NewOrder {
        let request = OrderRequest(
            spec: Spec(resources: Resources(vcpuMilli: 1_000, memoryMiB: 1_024), image: "i"), count: 1,
            timing: OrderRequest.Timing(start: Self.epoch, duration: .seconds(60)),
            fulfilment: Fulfilment(policy: .bestEffort, topUp: topUp))
        return NewOrder(
            tenant: tenant, request: request, window: request.timing.window(at: Self.epoch), plan: Plan(groups: []),
            rates: [], idempotency: nil)
    }
}

extension Session {
    fileprivate func insert(_ new: NewOrder) throws { _ = try Store.insert(new, in: self) }

    fileprivate func refusalToCommit() -> PostgresError? {
        do {
            try script(unchecked: "COMMIT")
            return nil
        } catch {
            return error
        }
    }
}

extension Pool {
    fileprivate func waitingOrders() async throws -> Int {
        try await rows("SELECT count(*) FROM muster.\"order\" WHERE waiting_count > 0")[0].decode(0)
    }

    /// Whether a session with this database waits for a lock.
    fileprivate func isAnybodyWaiting() async throws -> Bool {
        try await rows(
            """
            SELECT EXISTS (SELECT FROM pg_stat_activity
                            WHERE datname = current_database() AND wait_event_type = 'Lock')
            """
        )[0].decode(0)
    }
}
