import ArgumentParser
import CapacityModel
import JobQueue
import Postgres

struct QueueRetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Lets dead jobs work again, with fresh attempts.",
        discussion: """
            Name the jobs, or say which: those of a queue, of a kind, dead since a moment; what is given together must \
            hold together. A job keeps its number and its past failures. One whose unique key an unfinished job has \
            stays dead.

            The exit status is 1 when a job could not be retried, 3 when one is not there.

            Examples:

              $ muster queue retry 42 43
              $ muster queue retry --kind send-mail --since 2026-06-17T20:00:00+08:00
              $ muster queue retry --all --limit 10000
            """
    )

    @Argument(help: "The jobs' numbers.") var ids: [Int64] = []
    @Option(help: "Dead jobs of this queue.") var queue: String?
    @Option(help: "Dead jobs of this kind.") var kind: String?
    @Option(help: "Jobs that died at this moment or later, RFC 3339 with offset.") var since: String?
    @Flag(help: "All dead jobs.") var all = false
    @Option(help: "The oldest so many at most, up to 10000.") var limit = 1_000
    @OptionGroup var output: OutputOptions
    @OptionGroup var options: QueueOptions

    func validate() throws {
        let isNarrowed = queue != nil || kind != nil || since != nil
        guard [!ids.isEmpty, isNarrowed, all].filter({ $0 }).count == 1 else {
            throw ValidationError("name the jobs, or give some of --queue, --kind and --since, or --all")
        }
        guard (1...10_000).contains(limit), ids.count <= limit else {
            throw ValidationError("--limit is from 1 to 10000, and at least the number of jobs named")
        }
        if let since, CapacityModel.Instant(since) == nil {
            throw ValidationError("--since is like 2026-06-17T20:00:00+08:00; found '\(since)'")
        }
    }

    func run() async throws {
        let (ids, limit) = (ids, limit)
        let moment = since.flatMap { CapacityModel.Instant($0) }
        let which = DeadJobs(
            jobIDs: ids.isEmpty ? nil : ids, queue: queue, kind: kind,
            since: moment.map { Postgres.Instant(microsecondsSinceEpoch: $0.microsecondsSinceEpoch) }
        )
        let fates = try await options.transaction { session in
            let redrive = try JobQueue.redrive(which, limit: limit, in: session)
            var fates = JobFates(.retried)
            fates.changed = redrive.redriven
            fates.keyTaken = redrive.keyTaken
            for id in Set(ids).subtracting(redrive.redriven + redrive.keyTaken).sorted() {
                if let state = try JobQueue.show(id, in: session)?.job.state {
                    fates.others[id] = state
                } else {
                    fates.unknown.append(id)
                }
            }
            return fates
        }
        output.show(try JSONText.bytes(fates.json)) { fates.text }
        if let failure = fates.failure { throw failure }
    }
}

struct QueueCancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Ends unfinished jobs, running ones included.",
        discussion: """
            A running job is taken from its worker at once; whatever it still answers changes nothing. A cancelled \
            job is not run again, and those that wait for its success are cancelled as well.

            The exit status is 1 when a job has ended already, 3 when one is not there.

            Example:

              $ muster queue cancel 42
            """
    )

    @Argument(help: "The jobs' numbers.") var ids: [Int64]
    @OptionGroup var output: OutputOptions
    @OptionGroup var options: QueueOptions

    func validate() throws {
        guard (1...1_000).contains(ids.count) else { throw ValidationError("name 1 to 1000 jobs") }
    }

    func run() async throws {
        let ids = Set(ids).sorted()
        let fates = try await options.transaction { session in
            var fates = JobFates(.cancelled)
            for id in ids {
                if try JobQueue.cancel([id], in: session) > 0 {
                    fates.changed.append(id)
                } else if let state = try JobQueue.show(id, in: session)?.job.state {
                    fates.others[id] = state
                } else {
                    fates.unknown.append(id)
                }
            }
            return fates
        }
        output.show(try JSONText.bytes(fates.json)) { fates.text }
        if let failure = fates.failure { throw failure }
    }
}
