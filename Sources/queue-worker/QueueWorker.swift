import ArgumentParser
import Glibc
import JobQueue
import Logging
import Postgres
import ServiceLifecycle
import UnixSignals

/// A worker in a process of its own, for tests that stop it, kill it, or give it a wrong clock.
///
/// Says a line for each thing that happens; see ``Lines``.
@main
struct QueueWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue-worker", abstract: "Runs the jobs of the queue's fault tests."
    )

    @Option(help: "What the leases are held under.")
    var name = "worker"

    @Option(help: "How to connect, as libpq takes it.")
    var database: String

    @Option(help: "A direct way to the server for LISTEN. Without it the worker lives by polling.")
    var listenDatabase: String?

    @Flag(inversion: .prefixedNo, help: "Prepare statements on the server.")
    var prepare = true

    @Option(help: "How many jobs run at once.")
    var concurrency = 8

    @Option(help: "The lease, in milliseconds.")
    var lease = 1_000

    @Option(help: "The poll interval, in milliseconds.")
    var poll = 500

    @Flag(help: "Hold every job until SIGUSR1.")
    var hold = false

    func run() async throws {
        let lines = Lines()
        lines.say(.clock, "\(time(nil))")
        let gate = Gate(isOpen: !hold)
        let signals = await UnixSignalsSequence(trapping: .sigusr1)
        let opening = Task {
            for await _ in signals { gate.letThrough() }
        }
        defer { opening.cancel() }
        // One session more for each handler than the worker's own four.
        let pool = Pool(configuration(database), size: 4 + concurrency)
        let worker = Worker(
            name: name,
            pool: pool,
            listenerConfiguration: listenDatabase.map { Configuration(conninfo: $0, applicationName: name) },
            concurrency: concurrency,
            handlers: [EffectHandler(pool: pool, gate: gate, lines: lines)],
            pollInterval: .milliseconds(poll),
            leaseDuration: .milliseconds(lease)
        ).observed { lines.tell($0) }
        let group = ServiceGroup(
            services: [worker], gracefulShutdownSignals: [.sigterm], logger: Logger(label: "queue-worker")
        )
        try await group.run()
        await pool.shutdown()
    }

    private func configuration(_ conninfo: String) -> Configuration {
        Configuration(conninfo: conninfo, applicationName: name, preparesStatements: prepare)
    }
}
