import ArgumentParser
import CapacityAPI
import CapacityModel
import JobQueue
import Postgres

struct QueuePauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Lets a queue rest: nothing of it begins until it is resumed.",
        discussion: """
            What runs already runs on; see 'drain' to wait for it. Jobs can still be enqueued.

            Example:

              $ muster queue pause default --reason "disk is full"
            """
    )

    @Argument(help: "The queue's name.") var name: String
    @Option(help: "Why, for those who wonder.") var reason: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var options: QueueOptions

    func run() async throws {
        let (name, reason) = (name, reason)
        let (pause, isKnown) = try await options.transaction { session in
            let isKnown = try JobQueue.depths(in: session).contains { $0.queue == name }
            return (try JobQueue.pause(name, reason: reason, in: session), isKnown)
        }
        output.show(try JSONText.bytes(QueueJSON.pause(pause))) {
            // A queue is made by the first job in it, so a mistyped name looks like one that is empty.
            QueueText.line(pause) + "\n" + (isKnown ? "" : "There is no job in it now. Is the name right?\n")
        }
    }
}

struct QueueResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Lets a queue that was paused or drained work again.",
        discussion: "Example:\n\n  $ muster queue resume default"
    )

    @Argument(help: "The queue's name.") var name: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var options: QueueOptions

    func run() async throws {
        let name = name
        let rested = try await options.transaction { session in try JobQueue.resume(name, in: session) }
        let json = JSONValue.object(["queue": .string(name), "resumed": .bool(rested)])
        output.show(try JSONText.bytes(json)) {
            "\(name) \(rested ? "works again" : "was not paused")".printable + "\n"
        }
    }
}

struct QueueDrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Pauses a queue and waits until nothing of it runs, as before an upgrade.",
        discussion: """
            It stays paused afterwards. Nobody is interrupted: when the time is up, what still runs is shown and the \
            exit status is 6.

            Example:

              $ muster queue drain default --timeout PT2M && upgrade &&
                  muster queue resume default
            """
    )

    @Argument(help: "The queue's name.") var name: String
    @Option(help: "Wait at most this long, ISO 8601 like PT10M.") var timeout = "PT1M"
    @Option(help: "Why, for those who wonder.") var reason: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var options: QueueOptions

    func run() async throws {
        guard let limit = Duration(iso8601: timeout) else {
            throw ValidationError("--timeout is an ISO 8601 duration like PT10M; found '\(timeout)'")
        }
        let pool = Pool(try options.configuration(), size: 1)
        let outcome: Draining
        do {
            outcome = try await JobQueue.drain(name, reason: reason, within: limit, pool: pool)
        } catch {
            throw Failure(ofQueue: error)
        }
        await pool.shutdown()
        switch outcome {
        case .drained:
            try show(running: []) { "\(name) is paused and nothing of it runs".printable + "\n" }
        case .unfinished(let running):
            try show(running: running) { QueueText.table(running) }
            throw Failure(.fellShort, "\(name) is paused, but not drained after \(limit.spoken)")
        }
    }

    private func show(running: [JobRecord], table: () -> String) throws {
        let json = JSONValue.object(["queue": .string(name), "running": .array(running.map(QueueJSON.job))])
        output.show(try JSONText.bytes(json)) { table() }
    }
}
