import MetricsTestKit
import Testing

@testable import JobQueue

/// The names that dashboards and alerts are written against; `JobQueue.md` lists them.
@Suite struct MetricsTests {
    private let metrics = TestMetrics()

    @Test("each event of a worker is counted or timed under its name")
    func worker() throws {
        let worker = WorkerMetrics(kinds: ["mail"], factory: metrics)
        worker.record(.claimed(count: 3))
        worker.record(.started(kind: "mail", waited: .milliseconds(7)))
        worker.record(.ran(kind: "mail", .milliseconds(9)))
        worker.record(.stale(jobID: 1))
        worker.record(.rescued(returned: 2, dead: 1))
        worker.record(.failed(doing: "claim"))
        for outcome in Settlement.Verdict.words { worker.record(.ended(jobID: 1, kind: "mail", outcome: outcome)) }
        worker.record(.ended(jobID: 2, kind: "of others", outcome: "dead"))

        #expect(try metrics.expectCounter("jobqueue_claimed_total").values == [3])
        let buried = [("kind", "of others"), ("outcome", "dead")]
        #expect(try metrics.expectCounter("jobqueue_ended_total", buried).values == [1])
        #expect(try metrics.expectCounter("jobqueue_stale_total").values == [1])
        #expect(try metrics.expectCounter("jobqueue_rescued_total").values == [3])
        #expect(try metrics.expectCounter("jobqueue_statement_failed_total", [("statement", "claim")]).values == [1])
        #expect(try metrics.expectTimer("jobqueue_wait_duration", [("kind", "mail")]).values == [7_000_000])
        #expect(try metrics.expectTimer("jobqueue_run_duration", [("kind", "mail")]).values == [9_000_000])
        for outcome in ["done", "discarded", "dead", "failed", "snoozed", "handed_back", "postponed"] {
            let dimensions = [("kind", "mail"), ("outcome", outcome)]
            #expect(try metrics.expectCounter("jobqueue_ended_total", dimensions).values == [1], "\(outcome)")
        }
    }

    @Test("each reading of a queue is a gauge under its name")
    func queue() throws {
        let depth = Reading(
            name: .init(label: "jobqueue_depth", dimensions: ["queue": "mail", "state": "available"]), value: 5)
        let holder = SnapshotHolder(
            heldBy: "session", pid: 4711, name: nil, applicationName: "psql", userName: "ada", clientAddress: nil,
            state: "idle in transaction", xidCount: 9, heldSeconds: 61, querySeconds: nil
        )
        for reading in [depth] + Reading.of(holder) { reading.record(in: metrics) }
        let dimensions = [("queue", "mail"), ("state", "available")]
        #expect(try metrics.expectGauge("jobqueue_depth", dimensions).values == [5])
        let who = [("application_name", "psql"), ("held_by", "session"), ("slot", ""), ("user", "ada")]
        for (unit, value) in ["seconds": 61, "xids": 9, "pid": 4711] as [String: Double] {
            #expect(try metrics.expectGauge("jobqueue_oldest_snapshot_\(unit)", who).values == [value])
        }
    }
}
