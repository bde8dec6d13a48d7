import ArgumentParser
import CapacityAPI
import CapacityModel
import JobQueue

struct QueueThrottleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "throttle",
        abstract: "Limits how much of a queue or a kind runs at once, or starts in a time.",
        discussion: """
            Limits hold over all workers together. A rate is a bucket of tokens: a start takes one, so many come back \
            in each period, and no more than the burst are kept.

            Examples:

              $ muster queue throttle list
              $ muster queue throttle set kind send-mail --running 10
              $ muster queue throttle set queue default --rate 100 --per PT1M --burst 20
              $ muster queue throttle remove kind send-mail
            """,
        subcommands: [QueueThrottleList.self, QueueThrottleSet.self, QueueThrottleRemove.self]
    )
}

struct QueueThrottleList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Shows every limit and how much of it is used."
    )

    @OptionGroup var output: OutputOptions
    @OptionGroup var options: QueueOptions

    func run() async throws {
        let uses = try await options.transaction { session in try JobQueue.throttles(in: session) }
        let json = JSONValue.object(["throttles": .array(uses.map(QueueJSON.throttle))])
        output.show(try JSONText.bytes(json)) {
            uses.isEmpty ? "nothing is limited\n" : uses.map { QueueText.line($0) + "\n" }.joined()
        }
    }
}

/// What is limited.
struct ThrottleScopeArguments: ParsableArguments {
    @Argument(help: "What is limited: \(Throttle.Scope.allCases.map(\.rawValue).joined(separator: " or ")).")
    var scope: Throttle.Scope

    @Argument(help: "The queue's or the kind's name.") var name: String
}

struct QueueThrottleSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Sets the limits of a queue or a kind, in place of those it had.",
        discussion: "Example:\n\n  $ muster queue throttle set queue default --running 20 --rate 100 --per PT1M"
    )

    @OptionGroup var target: ThrottleScopeArguments
    @Option(help: "How many may run at a time.") var running: Int?
    @Option(help: "How many may start in a period.") var rate: Int?
    @Option(help: "The period, ISO 8601 like PT1M.") var per = "PT1S"
    @Option(help: "How many may start at once after a calm. Default: the rate.") var burst: Int?
    @OptionGroup var output: OutputOptions
    @OptionGroup var options: QueueOptions

    /// The limit that was asked for.
    func throttle() throws -> Throttle {
        guard running != nil || rate != nil else { throw ValidationError("give --running, --rate or both") }
        guard burst == nil || rate != nil else { throw ValidationError("--burst goes with --rate") }
        guard let period = Duration(iso8601: per) else {
            throw ValidationError("--per is an ISO 8601 duration like PT1M; found '\(per)'")
        }
        let limit = rate.map { Throttle.Rate($0, per: period, burst: burst) }
        return Throttle(target.scope, target.name, runningLimit: running, rate: limit)
    }

    func validate() throws {
        _ = try throttle()
    }

    func run() async throws {
        let throttle = try throttle()
        let use = try await options.transaction { session in
            try JobQueue.setThrottle(throttle, in: session)
            return try JobQueue.throttles(in: session).first {
                $0.throttle.scope == throttle.scope && $0.throttle.name == throttle.name
            }
        }
        guard let use else { preconditionFailure("a limit that was just set is there") }
        output.show(try JSONText.bytes(QueueJSON.throttle(use))) { QueueText.line(use) + "\n" }
    }
}

struct QueueThrottleRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Takes the limits of a queue or a kind away.",
        discussion: "Example:\n\n  $ muster queue throttle remove kind send-mail"
    )

    @OptionGroup var target: ThrottleScopeArguments
    @OptionGroup var options: QueueOptions

    func run() async throws {
        let (scope, name) = (target.scope, target.name)
        let removed = try await options.transaction { session in
            try JobQueue.removeThrottle(scope, name, in: session)
        }
        guard removed else { throw Failure(.notFound, "\(scope.rawValue) \(name) has no limit") }
        Output.standard.write("\(scope.rawValue) \(name) is not limited any more".printable + "\n")
    }
}
