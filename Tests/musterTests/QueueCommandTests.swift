import ArgumentParser
import CapacityAPI
import JobQueue
import Postgres
import TestSupport
import Testing

@testable import muster

@Suite("queue commands on a real database", .freshDatabase, .timeLimit(.minutes(5)))
struct QueueCommandTests {
    let pool = FreshDatabase.current.pool

    /// A handler whose jobs only lie in the queue.
    private struct Mail: JobHandler {
        static let kind = "send-mail"
        func run(_ address: String, _ context: JobContext) async throws -> JobOutcome { .done }
    }

    private func enqueue(_ address: String) async throws -> Int64 {
        let job = try Job(Mail.self, address, queue: "mail", maxAttempts: 3)
        let ids = try await pool.transaction { session in try JobQueue.enqueue([job], in: session) }
        return try #require(ids.first)
    }

    /// Runs a command as the program does, and returns how it failed.
    @discardableResult
    private func run(_ arguments: String..., database: String? = nil) async throws -> Failure? {
        try await run(arguments, database: database)
    }

    private func run(_ arguments: [String], database: String? = nil) async throws -> Failure? {
        let configuration = FreshDatabase.current.configuration
        let conninfo = database ?? "\(configuration.conninfo) dbname=\(configuration.database ?? "")"
        var command = try Muster.parseAsRoot(["queue"] + arguments + ["--database", conninfo])
        do {
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
            return nil
        } catch let failure as Failure {
            return failure
        }
    }

    @Test("stats show what waits, what rests and what is limited, lined up")
    func stats() async throws {
        _ = try await enqueue("ada@example.org")
        _ = try await enqueue("bob@example.org")
        #expect(try await run("pause", "mail", "--reason", "relay is down") == nil)
        #expect(try await run("throttle", "set", "kind", "send-mail", "--running", "5", "--rate", "9") == nil)
        var stats = try await pool.transaction { session in try QueueStats(in: session) }
        stats.snapshot = nil
        let lines = stats.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0] == "queue  state   blocked  scheduled  available  running  dead  oldest waits")
        #expect(lines[1].hasPrefix("mail   paused        0          0          2        0     0"))
        #expect(lines[3].hasPrefix("mail rests since ") && lines[3].hasSuffix("Z: relay is down"))
        #expect(lines[4] == "kind send-mail: 0 of 5 run; 9 of 9 may start, 9 more every 1 s")

        #expect(try await run("resume", "mail") == nil)
        #expect(try await run("throttle", "remove", "kind", "send-mail") == nil)
        #expect(try await run("throttle", "remove", "kind", "send-mail")?.status == .notFound)
        let after = try await pool.transaction { session in try QueueStats(in: session) }
        #expect(after.pauses.isEmpty && after.throttles.isEmpty)
    }

    @Test("where there is nothing to show, that is said")
    func nothing() async throws {
        var stats = try await pool.transaction { session in try QueueStats(in: session) }
        stats.snapshot = nil
        #expect(stats.text == "no job waits, runs or is dead in any queue\n")
        #expect(QueueText.table([]) == "no such jobs\n")
    }

    @Test("a list says of each job where it stands, lined up")
    func list() async throws {
        let ids = [try await enqueue("ada@example.org"), try await enqueue("bob@example.org")]
        #expect(try await run("cancel", "\(ids[0])") == nil)
        let page = try await pool.transaction { session in
            try JobQueue.list(JobFilter(queue: "mail"), limit: 10, in: session)
        }
        let lines = QueueText.table(page.jobs).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[0] == "job  queue  kind       state      tenant  attempt  when                  worker")
        #expect(lines[1].hasPrefix("  2  mail   send-mail  available  -        0 of 3  20"))
        #expect(lines[2].hasPrefix("  1  mail   send-mail  cancelled  -        0 of 3  20"))
    }

    @Test("one job can be shown, cancelled once, and not retried, because it is not dead")
    func oneJob() async throws {
        let id = try await enqueue("ada@example.org")
        let details = try #require(try await pool.transaction { session in try JobQueue.show(id, in: session) })
        let description = JobDescription(details: details)
        #expect(description.text.contains("\nstate     available\n"))
        #expect(description.text.contains("\nattempt   0 of 3\n"))
        #expect(description.text.contains("\npayload   \"ada@example.org\"\n"))
        guard case .object(let fields) = description.json else {
            Issue.record("a job is an object")
            return
        }
        #expect(fields["payload"] == .string("ada@example.org") && fields["failures"] == .array([]))

        #expect(try await run("show", "\(id)") == nil)
        #expect(try await run("retry", "\(id)")?.status == .refused)
        #expect(try await run("cancel", "\(id)", "-o", "json") == nil)
        #expect(try await run("cancel", "\(id)")?.status == .refused)
        #expect(try await run("list", "--state", "cancelled") == nil)
        for verb in ["show", "cancel", "retry"] {
            #expect(try await run(verb, "424242")?.status == .notFound)
        }
    }

    @Test("dead jobs are retried by number, or all of a kind since a moment")
    func retry() async throws {
        struct Bounced: JobHandler {
            static let kind = "send-mail"
            func run(_ address: String, _ context: JobContext) async throws -> JobOutcome {
                throw Failure(.refused, "bounced")
            }
        }
        for arguments in [nil, ["--kind", "send-mail", "--since", "2026-01-01T00:00:00Z"]] {
            let job = try Job(Bounced.self, "ada@example.org", queue: "mail", maxAttempts: 1)
            let id = try await pool.transaction { session in try JobQueue.enqueue([job], in: session) }[0]
            #expect(try await JobQueue.runNext([Bounced()], of: ["mail"], in: pool)?.outcome == "dead")
            #expect(try await run(["retry"] + (arguments ?? ["\(id)"])) == nil)
            let state = try await pool.transaction { session in try JobQueue.show(id, in: session)?.job.state }
            #expect(state == .available, "it waits for its turn again")
            #expect(try await run("cancel", "\(id)") == nil)
        }
    }

    @Test("a queue is drained at once where nothing runs, and else says that it is not")
    func drain() async throws {
        #expect(try await run("drain", "mail") == nil)
        let id = try await enqueue("ada@example.org")
        try await pool.execute(
            """
            INSERT INTO queue.lease (lease_epoch, queue, beat, worker_name, started_at, lease_until, job_ids, revisions)
            SELECT 1, queue, 1, 'w', queue.now(), queue.now(), ARRAY[job_id], ARRAY[revision]
              FROM queue.job WHERE job_id = \(id)
            """
        )
        #expect(try await run("drain", "mail", "--timeout", "PT0S")?.status == .fellShort)
    }

    @Test("values out of bounds and databases without a queue are told in words")
    func told() async throws {
        let failure = try await run("throttle", "set", "queue", "mail", "--running", "0")
        #expect(failure == Failure(.invalid, "running limit must be 1 to 2147483647; found 0"))
        let unreadable = try await run("stats", database: "nonsense")
        #expect(unreadable?.status == .invalid)
        #expect(unreadable?.text.contains("the database cannot be asked: missing \"=\"") == true)
        try await pool.execute("ALTER SCHEMA queue RENAME TO elsewhere")
        #expect(try await run("stats")?.text.contains("this database has no job queue") == true)
    }
}
