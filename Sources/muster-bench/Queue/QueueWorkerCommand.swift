import ArgumentParser
import JobQueue
import Postgres

/// The job of every measurement: nothing.
struct NoOpHandler: JobHandler {
    static let kind = "bench.nothing"

    struct Payload: Codable, Sendable {
        var number: Int
    }

    /// Called with the job's number when it starts.
    let started: @Sendable (Int) -> Void
    /// What a job waits for, without using a processor.
    var pause = Duration.zero

    func run(_ payload: Payload, _ context: JobContext) async throws -> JobOutcome {
        started(payload.number)
        if pause > .zero { try await Task.sleep(for: pause) }
        return .done
    }

    static func job(_ number: Int, queue: String = "default") throws -> Job {
        try Job(NoOpHandler.self, Payload(number: number), queue: queue)
    }
}

/// One worker as an application would run it, in a process of its own; started by the queue bench.
struct QueueWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue-worker",
        abstract: "One worker process of the queue bench.",
        shouldDisplay: false
    )

    @Option var database: String
    @Option var queue = "default"
    @Option(help: "Jobs this worker may hold at a time.") var concurrency: Int
    @Option(help: "How long a job takes, waiting.") var pauseMilliseconds = 0
    @Flag(help: "Tell every job at once.") var eager = false

    func run() async throws {
        let database = ArenaDatabase(database, conninfo: try required("MUSTER_DATABASE"))
        let tally = Tally(isEager: eager)
        let worker = Worker(
            name: "bench",
            pool: Pool(database.configuration, size: 4),
            listenerConfiguration: database.configuration,
            queues: [queue],
            concurrency: concurrency,
            handlers: [NoOpHandler(started: { _ in tally.add() }, pause: .milliseconds(pauseMilliseconds))]
        )
        try await tally.report { try await worker.run() }
    }
}
