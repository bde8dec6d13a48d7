import ArgumentParser
import CapacityAPI
import JobQueue

struct QueueListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists jobs, the newest first, with why they ended or how far they are.",
        discussion: """
            'when' is since when a job runs, when it ended, or from when on it may run.

            Examples:

              $ muster queue list --state running
              $ muster queue list --state dead --queue default --limit 200
              $ muster queue list --before 1200            # the page after job 1200
              $ muster queue list --state dead -o json | jq -r '.jobs[].jobId'
            """
    )

    @Option(help: "Only jobs of this queue.") var queue: String?
    @Option(help: "Only jobs of this kind.") var kind: String?
    @Option(help: "Only jobs in this state: \(JobState.allCases.map(\.rawValue).joined(separator: ", ")).")
    var state: JobState?
    @Option(help: "Only jobs of this tenant.") var tenant: String?
    @Option(help: "Show at most so many, up to 1000.") var limit = 50
    @Option(help: "Only jobs older than this one, by number: how to go on.") var before: Int64?
    @OptionGroup var output: OutputOptions
    @OptionGroup var options: QueueOptions

    func validate() throws {
        guard (1...1_000).contains(limit) else { throw ValidationError("--limit is from 1 to 1000") }
    }

    func run() async throws {
        let filter = JobFilter(queue: queue, kind: kind, state: state, tenant: tenant)
        let (before, limit) = (before, limit)
        let page = try await options.transaction { session in
            try JobQueue.list(filter, before: before, limit: limit, in: session)
        }
        let json = QueueJSON.object([
            "jobs": .array(page.jobs.map(QueueJSON.job)), "next": page.next.map(JSONValue.integer),
        ])
        output.show(try JSONText.bytes(json)) {
            QueueText.table(page.jobs) + (page.next.map { "There are more: --before \($0)\n" } ?? "")
        }
    }
}

struct QueueShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows everything about one job: payload, progress, what it waits for, what went wrong.",
        discussion: """
            Examples:

              $ muster queue show 42
              $ muster queue show 42 -o json | jq '.payload'
            """
    )

    @Argument(help: "The job's number.") var id: Int64
    @OptionGroup var output: OutputOptions
    @OptionGroup var options: QueueOptions

    func run() async throws {
        let id = id
        let details = try await options.transaction { session in try JobQueue.show(id, in: session) }
        guard let details else { throw Failure(.notFound, "there is no job \(id), or it is forgotten already") }
        let description = JobDescription(details: details)
        output.show(try JSONText.bytes(description.json)) { description.text }
    }
}
