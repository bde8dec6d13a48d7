import ArgumentParser
import Testing

@testable import muster

@Suite("help")
struct HelpTests {
    /// What help is wrapped to where no terminal says how wide it is.
    private static let width = 80

    @Test("no example is wrapped: each can be copied from a narrow terminal as it stands")
    func examples() {
        let commands = Self.all(from: Muster.self)
        #expect(commands.count > 50, "the commands were not found")
        for command in commands {
            for line in command.configuration.discussion.split(separator: "\n") where line.hasPrefix(" ") {
                #expect(line.count <= Self.width, "\(command) says: \(line)")
            }
        }
    }

    private static func all(from command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        [command] + command.configuration.subcommands.flatMap(all)
    }
}
