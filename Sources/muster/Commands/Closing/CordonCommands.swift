import ArgumentParser
import CapacityAPI

struct CordonCommand<Noun: PlaceNoun>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "cordon",
            abstract: "Lets nothing new start on a \(Noun.noun). What is held there stays. Needs an operator's key."
        )
    }

    @Option(help: "Why, for other operators.") var reason: String
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        try await place.close("cordon", Noun.self, ["reason": .string(reason)])
    }
}

struct DrainCommand<Noun: PlaceNoun>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "drain",
            abstract: "Cordons a \(Noun.noun) and moves what has not begun to other hosts. Needs an operator's key.",
            discussion: "Nothing that runs is moved; 'muster closure get' shows what is still there."
        )
    }

    @Option(help: "Why, for other operators.") var reason: String
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        try await place.close("drain", Noun.self, ["reason": .string(reason)])
    }
}

struct UncordonCommand<Noun: PlaceNoun>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "uncordon",
            abstract: "Ends the cordon or drain of a \(Noun.noun). Needs an operator's key."
        )
    }

    @OptionGroup var place: PlaceOptions

    func run() async throws {
        try await place.send("uncordon", Noun.self, [:]) { answer in
            let left = try answer.decoded(as: Page<ClosureView>.self).items
            guard !left.isEmpty else { return "\(place.name) is open\n" }
            return "no cordon of its own is left on \(place.name), but:\n" + ClosureDescription.text(left)
        }
    }
}
