// Greets three people, one of them at the second attempt and one a second later, and when all are greeted everybody.
import Glibc
import JobQueue
import Postgres

struct Trouble: Error, CustomStringConvertible { let description: String }

struct Greet: JobHandler {
    static let kind = "greet"

    func run(_ name: String, _ context: JobContext) async throws -> JobOutcome {
        if name == "Grace", context.attempt == 1 { throw Trouble(description: "mumbled") }
        print("Hello, \(name)")
        return .done
    }
}

do {
    guard CommandLine.argc == 3 else { throw Trouble(description: "usage: queue-example CONNINFO MIGRATIONS") }
    let pool = Pool(Configuration(conninfo: CommandLine.arguments[1]), size: 6)
    try await JobQueue.migrate(pool, directory: CommandLine.arguments[2])
    let ids = try await pool.transaction { session in
        let later = try session.rows("SELECT queue.now() + interval '1 second'")[0].decode(0, as: Instant.self)
        let people = try [Job(Greet.self, "Edsger", runAt: later), Job(Greet.self, "Grace"), Job(Greet.self, "Ada")]
        let first = try JobQueue.enqueue(people, in: session)
        return try first + JobQueue.enqueue([Job(Greet.self, "everybody").after(first)], in: session)
    }
    let worker = Worker(name: "example", pool: pool, handlers: [Greet()])
    let ends = try await worker.run { try await JobQueue.ends(of: ids, within: .seconds(60), in: pool) }
    for end in ends { print("\(end.kind) is \(end.state) after \(end.attempt)") }
} catch {
    print("\(error)")
    exit(1)
}
