import CapacityModel
import CapacityStore
import Postgres
import TestSupport
import Testing

@Suite("Orders of two writers with the same keys", .freshDatabase, .timeLimit(.minutes(5)))
struct KeyRaceTests {
    /// Holds up whoever has entered one key and is about to enter another, until the gate is open.
    private static let gate = """
        CREATE FUNCTION public.wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF current_setting('test.entered', true) = pg_current_xact_id()::text THEN
                PERFORM pg_advisory_xact_lock_shared(4711);
            END IF;
            PERFORM set_config('test.entered', pg_current_xact_id()::text, true);
            RETURN NEW;
        END
        $$;
        CREATE TRIGGER gate BEFORE INSERT ON muster.idempotency FOR EACH ROW EXECUTE FUNCTION public.wait_at_gate();
        """

    @Test("in opposite order meet at the first key: one waits for the other, and the server has no knot to undo")
    func opposite() async throws {
        let ledger = try await Ledger.open(hosts: 1)
        let pool = ledger.store.pool
        try await pool.withSession { session in try await session.script(unchecked: Self.gate) }
        let keeper = try await Session.connect(FreshDatabase.current.configuration)
        try await keeper.script(unchecked: "SELECT pg_advisory_lock(4711)")

        async let first = ledger.enter(["a", "b", "c"])
        while try await pool.waiting() < 1 {}
        async let second = ledger.enter(["c", "b", "a"])
        while try await pool.waiting() < 2 {}
        await keeper.close()
        #expect(try await first == nil, "it has all three")
        let why = try #require(try await second)
        #expect(StoreError(why).isIdempotencyRace, "\(why)")
        let keys: Int = try await pool.rows("SELECT count(DISTINCT order_id) FROM muster.idempotency")[0].decode(0)
        #expect(keys == 3)
    }
}

extension Ledger {
    /// Makes an order with each of the keys, in one transaction of a session of its own that is not tried again; why it did not.
    fileprivate func enter(_ keys: [String]) async throws -> PostgresError? {
        let request = OrderRequest(
            spec: Spec(resources: Resources(vcpuMilli: 1_000, memoryMiB: 1_024), image: "i"), count: 1,
            timing: OrderRequest.Timing(start: Self.epoch, duration: .seconds(60)))
        let orders = keys.map { key in
            NewOrder(
                tenant: tenant, request: request, window: request.timing.window(at: Self.epoch), plan: Plan(groups: []),
                rates: [], idempotency: Idempotency(key: key, bodyHash: Array(repeating: 1, count: 32)))
        }
        let session = try await Session.connect(FreshDatabase.current.configuration)
        var why: PostgresError?
        do {
            try await session.transaction { session in _ = try Store.insert(orders, in: session) }
        } catch let error as PostgresError {
            why = error
        }
        await session.close()
        return why
    }
}

extension Pool {
    /// How many sessions with this database wait for a lock.
    fileprivate func waiting() async throws -> Int {
        try await rows(
            """
            SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
            """
        )[0].decode(0)
    }
}
