import ArgumentParser
import CapacityModel

struct OrderWatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Shows how an order is delivered or released, until it is.",
        discussion: """
            On a terminal the view is drawn in place; in a pipe each change is one line, at most one a second. What to \
            wait for:

              ready      until every instance is ready, then how long it took
              released   until the window has ended and all have stopped, then the lag
              settled    until the receipt is written, too

            The exit status is 6 when that cannot happen any more, as when the window ended before, and 2 when the order \
            was given up for something it asks for that does not exist, such as its image.

            Examples:

              $ muster order watch ord-1
              $ muster order watch ord-1 --until released | tee release.log
            """
    )

    @Argument(help: "The order, like ord-1.") var id: String

    @Option(help: "What to wait for: \(WatchGoal.allCases.map(\.rawValue).joined(separator: ", ")).")
    var until: WatchGoal = .ready

    @Option(help: "Wait at most this long, ISO 8601 like PT10M. Default: as long as it takes.")
    var timeout: String?

    @OptionGroup var service: ServiceOptions

    func run() async throws {
        var limit: Duration?
        if let timeout {
            guard let duration = Duration(iso8601: timeout) else {
                throw ValidationError("--timeout is an ISO 8601 duration like PT10M; found '\(timeout)'")
            }
            limit = duration
        }
        try await service.with { service in
            try await OrderWatch(service: service, order: id, goal: until, limit: limit).run(on: .standard)
        }
    }
}

extension WatchGoal: ExpressibleByArgument {}
