import CapacityModel
import Delivery
import JobQueue
import Postgres
import TestSupport
import Testing

extension Shop {
    /// Lets a worker's background job run once.
    func proposeInBackground() async throws {
        try await ProposeRepacking.ensure(in: store)
        let job = ProposeRepacking(store: store, planner: planner)
        #expect(try await JobQueue.runNext([job], of: [ReconcileOrder.queue], in: pool) != nil)
    }

    /// Puts the rows on the last host of all.
    func scatter(_ condition: String) async throws {
        try await pool.withSession { session in
            try await session.script(
                unchecked: """
                    UPDATE muster.reservation SET host_id = (SELECT max(host_id) FROM muster.host) WHERE \(condition);
                    UPDATE muster.instance i SET host_id = r.host_id
                      FROM muster.reservation r WHERE r.reservation_id = i.reservation_id;
                    """
            )
        }
    }

    func usedHosts() async throws -> Set<Int64> {
        let rows = try await pool.rows("SELECT DISTINCT host_id FROM muster.reservation WHERE live_count > 0")
        return Set(try rows.map { try $0.decode("host_id", as: Int64.self) })
    }

    func repackedHosts(of orders: [OrderID]) async throws -> Set<Int64> {
        let rows = try await pool.rows(
            "SELECT DISTINCT host_id FROM muster.instance WHERE order_id = ANY (\(orders.map(\.rawValue)))")
        return Set(try rows.map { try $0.decode("host_id", as: Int64.self) })
    }
}
