import ArgumentParser
import JobQueue

struct QueueStatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Shows every queue: how deep, how old, what rests, what is limited, what is in the way.",
        discussion: """
            'oldest waits' is for how long the longest-waiting job could have run. Where it grows, there are too few \
            workers, or a limit is too tight. Reads the whole table of unfinished jobs; for a dashboard use the \
            metrics, jobqueue_depth and its like.

            Examples:

              $ muster queue stats
              $ muster queue stats -o json | jq '.queues[] | select(.dead > 0)'
            """
    )

    @OptionGroup var output: OutputOptions
    @OptionGroup var queue: QueueOptions

    func run() async throws {
        let stats = try await queue.transaction { session in try QueueStats(in: session) }
        output.show(try JSONText.bytes(stats.json)) { stats.text }
    }
}
