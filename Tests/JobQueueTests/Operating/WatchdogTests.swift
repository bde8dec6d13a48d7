import Logging
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct WatchdogTests {
    let pool: Pool
    private let lines = Lines()

    init() async throws {
        pool = try await queuePool()
    }

    private func watchdog(snapshotLimit: Duration = .seconds(60)) -> Watchdog {
        let lines = lines
        return Watchdog(pool: pool, snapshotLimit: snapshotLimit, logger: Logger(label: "test") { _ in lines })
    }

    @Test("whoever holds the oldest snapshot is found, measured and named in the log, until the end of it")
    func snapshot() async throws {
        var configuration = FreshDatabase.current.configuration
        configuration.applicationName = "forgotten psql"
        let holder = try await Session.connect(configuration)
        try await holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        let pid = try await holder.rows("SELECT pg_backend_pid()").first?.decode(0, as: Int.self)
        for _ in 0..<3 { try await pool.execute("SELECT pg_current_xact_id()") }

        let readings = try await watchdog(snapshotLimit: .zero).look()
        let gauges = readings.filter { $0.name.label.hasPrefix("jobqueue_oldest_snapshot_") }
        for gauge in gauges {
            let who = gauge.name.dimensions
            #expect(who["application_name"] == "forgotten psql" && who["held_by"] == "session" && who["user"] != "")
        }
        let values = Dictionary(uniqueKeysWithValues: gauges.map { ($0.name.label, $0.value) })
        #expect(try #require(values["jobqueue_oldest_snapshot_xids"]) >= 3)
        #expect(try #require(values["jobqueue_oldest_snapshot_seconds"]) > 0)
        #expect(values["jobqueue_oldest_snapshot_pid"] == pid.map { Double($0) })
        let line = try #require(lines.all.first)
        #expect(lines.all.count == 1)
        #expect(line["pid"] == pid.map { "\($0)" } && line["application_name"] == "forgotten psql")
        #expect(line["state"] == "idle in transaction" && line["user"] != nil && line["query_seconds"] != nil)

        _ = try await watchdog(snapshotLimit: .seconds(3_600)).look()
        #expect(lines.all.count == 1, "a young one is no news")

        try await holder.execute("COMMIT")
        let after = try await watchdog(snapshotLimit: .zero).look()
        let told = after.zeroing(Set(gauges.map(\.name))).filter { gauges.map(\.name).contains($0.name) }
        #expect(told.count == 3 && told.allSatisfy { $0.value == 0 }, "who holds nothing any more is not accused")
        await holder.close()
    }

    @Test("an open transaction that has written holds rows back without a snapshot, and is found among younger ones")
    func writer() async throws {
        let writer = try await Session.connect(FreshDatabase.current.configuration)
        try await writer.execute("BEGIN")
        let pid = try await writer.rows("SELECT pg_backend_pid(), pg_current_xact_id()").first?.decode(0, as: Int.self)
        let reader = try await Session.connect(FreshDatabase.current.configuration)
        try await reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        try await reader.execute("SELECT 1")

        let holder = try await pool.operate { try JobQueue.oldestSnapshot(in: $0) }
        #expect(holder?.pid == pid && holder?.heldBy == "session")
        await writer.close()
        await reader.close()
    }

    @Test("each queue is measured by state, and a bound holds however many wait")
    func depths() async throws {
        _ = try await pool.bury("dead", queue: "grave")
        for payload in ["a", "b", "c"] { _ = try await pool.enqueue(payload) }
        _ = try await pool.claimOne()
        _ = try await pool.operate { try JobQueue.pause("default", in: $0) }

        let readings = try await watchdog().look()
        #expect(readings.value("jobqueue_depth", "default", "available") == 2)
        #expect(readings.value("jobqueue_depth", "default", "running") == 1)
        #expect(readings.value("jobqueue_depth", "default", "blocked") == 0)
        #expect(try #require(readings.value("jobqueue_oldest_available_seconds", "default")) > 0)
        #expect(readings.value("jobqueue_paused", "default") == 1)
        #expect(readings.value("jobqueue_dead", "grave") == 1)

        let exact = try await pool.operate { try JobQueue.depths(in: $0) }
        let bounded = try await pool.operate { try JobQueue.boundedDepths(in: $0) }
        #expect(bounded.map(\.queue) == exact.map(\.queue) && bounded.map(\.deadCount) == exact.map(\.deadCount))
        let shallow = try await pool.operate { try JobQueue.boundedDepths(limit: 1, in: $0) }
        #expect(shallow.first?.availableCount == 1 && shallow.first?.runningCount == 1)
    }

    @Test("the gauges of a queue that is empty go to zero")
    func emptied() async throws {
        let id = try await pool.enqueue("a")
        let before = try await watchdog().look()
        _ = try await pool.operate { try JobQueue.cancel([id], in: $0) }
        let after = try await watchdog().look()
        #expect(after.value("jobqueue_depth", "default", "available") == nil)
        let told = after.zeroing(Set(before.map(\.name)))
        #expect(told.value("jobqueue_depth", "default", "available") == 0)
        #expect(Set(told.map(\.name)).count == told.count)
    }

    @Test("a watchdog outlives a queue it cannot read, and ends with its process")
    func service() async throws {
        try await pool.execute("ALTER VIEW queue.snapshot_now RENAME TO elsewhere")
        let seen = Mailbox(of: Void.self)
        let lines = lines
        lines.onLine { seen.put(()) }
        let watchdog = Watchdog(pool: pool, interval: .milliseconds(1), logger: Logger(label: "test") { _ in lines })
        try await withWorkers([watchdog]) { _ = try await seen.collect(2) }
    }

    @Test("a snapshot without a known time is old by the transactions since")
    func slot() {
        let holder = { (xids: Int) in
            SnapshotHolder(
                heldBy: "replication slot", pid: nil, name: "standby", applicationName: nil, userName: nil,
                clientAddress: nil, state: "inactive", xidCount: xids, heldSeconds: nil, querySeconds: nil
            )
        }
        #expect(!holder(1_000_000).isOlder(than: .zero))
        #expect(holder(1_000_001).isOlder(than: .seconds(60)))
        let facts = ["held_by": "replication slot", "name": "standby", "state": "inactive", "xids": "2"]
        #expect(holder(2).metadata.mapValues { "\($0)" } == facts)
        let who = ["held_by": "replication slot", "slot": "standby", "application_name": "", "user": ""]
        let gauge = Reading.Name(label: "jobqueue_oldest_snapshot_xids", dimensions: who)
        #expect(Reading.of(holder(2)) == [Reading(name: gauge, value: 2)], "no gauge for what nobody knows")
    }
}

extension [Reading] {
    fileprivate func value(_ label: String, _ queue: String? = nil, _ state: String? = nil) -> Double? {
        let dimensions = ["queue": queue, "state": state].compactMapValues { $0 }
        return first { $0.name == Reading.Name(label: label, dimensions: dimensions) }?.value
    }
}

/// The metadata of every line that is logged, as text.
private final class Lines: LogHandler {
    private let kept = Mutex<[[String: String]]>([])
    private let listener = Mutex<(@Sendable () -> Void)?>(nil)
    var all: [[String: String]] { kept.withLock { $0 } }

    func onLine(_ listener: @escaping @Sendable () -> Void) {
        self.listener.withLock { $0 = listener }
    }

    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .info }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        kept.withLock { $0.append((event.metadata ?? [:]).mapValues { "\($0)" }) }
        listener.withLock { $0 }?()
    }
}
