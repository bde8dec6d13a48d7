import CapacityAPI
import Postgres
import TestSupport
import Testing

@Suite("kill -9 of a worker", .timeLimit(.minutes(5)))
struct WorkerDeathTests {
    @Test("killed with an order's job in its hands, another worker takes the job and the order ends as ordered")
    func rescue() async throws {
        try await Stack.with(.init(workers: 2)) { stack in
            let order = try await stack.order(OrderText(window: "PT12S"))
            try await stack.follow(order, until: "ready")

            // Whoever wants to move the order waits for its row, and so stands still in the middle of the job.
            let blocker = try await Session.connect(stack.database.configuration(database: "muster"))
            try await blocker.execute("BEGIN")
            _ = try await blocker.rows("SELECT 1 FROM muster.\"order\" FOR UPDATE")
            let holder = try await eventually("a worker takes the order's job") {
                try await stack.rows(
                    "SELECT worker_name FROM queue.job_now WHERE kind = 'order.reconcile' AND state = 'running'"
                ).first?.decode(0, as: String.self)
            }
            let victim = try #require(
                stack.workers.first { worker in worker.pid.map { holder.hasSuffix("-\($0)") } ?? false })
            await victim.kill()
            await blocker.close()

            try await stack.follow(order, until: "settled")
            try await stack.expectSettled([order])
            let rescued = try await stack.rows(
                """
                SELECT h.worker_name
                  FROM queue.history h JOIN queue.failure f USING (job_id)
                 WHERE h.kind = 'order.reconcile' AND h.outcome = 'done'
                """
            ).map { try $0.decode(0, as: String?.self) }
            #expect(!rescued.isEmpty, "no lost attempt is written down")
            #expect(!rescued.contains(holder), "the dead worker finished the job")
        }
    }
}
