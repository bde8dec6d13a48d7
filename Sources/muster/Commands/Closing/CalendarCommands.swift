import ArgumentParser
import CapacityAPI

struct MaintainCommand<Noun: PlaceNoun>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "maintain",
            abstract: "Keeps a \(Noun.noun) free of new orders for a window. Needs an operator's key.",
            discussion: """
                Orders before and after the window fit as ever. What is there already is listed; 'muster closure lift' \
                cancels the window. Example:

                  $ muster \(Noun.noun) maintain NAME --start 2026-06-18T02:00:00+08:00 \\
                      --duration PT4H --reason "new switches"
                """
        )
    }

    @Option(help: "When it starts, RFC 3339 with offset; now if left out.") var start: String?
    @Option(help: "Its length, ISO 8601 like PT4H.") var duration: String?
    @Option(help: "When it ends, instead of --duration.") var end: String?
    @Flag(help: "Move what has not begun by then to other hosts where it fits.") var drain = false
    @Option(help: "Why, for other operators.") var reason: String
    @OptionGroup var place: PlaceOptions

    func validate() throws {
        guard (end == nil) != (duration == nil) else { throw ValidationError("give --end or --duration") }
    }

    func run() async throws {
        let window = ["start": start, "duration": duration, "end": end].compactMapValues { $0.map(JSONValue.string) }
        let fields: [String: JSONValue] = [
            "window": .object(window), "reason": .string(reason), "drain": .bool(drain),
        ]
        // Sent twice it would stand in the calendar twice.
        try await place.close("maintain", Noun.self, fields, isRepeatable: false)
    }
}

struct RetireCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire",
        abstract: "Lets nothing be placed at a site past a deadline. Needs an operator's key.",
        discussion: "Said again it moves the deadline; 'muster closure lift' takes it back."
    )

    @Option(help: "The last instant anything may be there, RFC 3339 with offset.") var deadline: String
    @Flag(help: "Move what has not begun and would be there past the deadline to other hosts where it fits.")
    var drain = false
    @Option(help: "Why, for other operators.") var reason: String
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let fields: [String: JSONValue] = [
            "deadline": .string(deadline), "reason": .string(reason), "drain": .bool(drain),
        ]
        try await place.close("retire", SiteNoun.self, fields)
    }
}
