// A queue from nothing to done: a greeting, one that fails at first, one for later, and when all are done one to everybody.
// It is given an empty database and the folder with the schema's files, and stops by itself.
import JobQueue
import Logging
import Postgres
import ServiceLifecycle

struct Mumbled: Error {}

struct Greet: JobHandler {
    static let kind = "greet"
    static let backoff = Backoff(first: .milliseconds(100), longest: .milliseconds(100))
    let goodbye: @Sendable () -> Void

    func run(_ name: String, _ context: JobContext) async throws -> JobOutcome {
        if name == "Grace", context.attempt == 1 { throw Mumbled() }
        print("Hello, \(name)")
        if name == "everybody" { goodbye() }
        return .done
    }
}

guard CommandLine.arguments.count == 3 else { fatalError("usage: queue-example CONNINFO MIGRATIONS") }
let pool = Pool(Configuration(conninfo: CommandLine.arguments[1]), size: 6)
let migrator = try Migrator(directory: CommandLine.arguments[2], subject: "queue")
try await pool.withSession { session in _ = try await migrator.migrate(session) }

let ids = try await pool.transaction { session in
    let later = try session.rows("SELECT queue.now() + interval '1 second' AS at")[0].decode("at", as: Instant.self)
    let ids = try JobQueue.enqueue(
        [Job(Greet.self, "Edsger", runAt: later), Job(Greet.self, "Grace"), Job(Greet.self, "Ada")], in: session
    )
    return try ids + JobQueue.enqueue([Job(Greet.self, "everybody").after(ids)], in: session)
}

let (goodbyes, goodbye) = AsyncStream.makeStream(of: Void.self)
let worker = Worker(name: "example", pool: pool, handlers: [Greet { goodbye.finish() }])
let services = ServiceGroup(services: [worker], logger: Logger(label: "queue-example"))
let work = Task { try await services.run() }
for await _ in goodbyes {}
await services.triggerGracefulShutdown()
try await work.value

let ends = try await pool.rows(
    """
    SELECT format('%s is %s after %s', payload, outcome, attempt_count) AS line
      FROM queue.history WHERE job_id = ANY(\(ids)::bigint[]) ORDER BY job_id
    """
)
for end in ends { print(try end.decode("line", as: String.self)) }
