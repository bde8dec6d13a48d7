import ArgumentParser
import CapacityAPI
import CapacityModel

struct FleetRepackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repack",
        abstract: "Proposes moves of what has not begun that bring large free slots together. Needs an operator's key.",
        discussion: """
            Orders that begin in more than ten minutes, and reservations, may stand on other hosts of their sites. What runs is \
            never moved. Without --apply nothing is moved at all.

            Example:

              $ muster fleet repack --moves 20
            """
    )

    @Flag(help: "Make the moves.") var apply = false
    @Option(help: "At most so many moves, 1 to 2000.") var moves = RepackRequest.usualMoves
    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func validate() throws {
        guard RepackRequest.movesRange.contains(moves) else {
            throw ValidationError("--moves is 1 to \(RepackRequest.movesRange.upperBound)")
        }
    }

    func run() async throws {
        let body = try JSONText.bytes(JSONValue.object(["apply": .bool(apply), "moves": .integer(Int64(moves))]))
        try await service.with { service in
            let call = Service.Call(
                method: "POST", path: "/v1/repack", headers: [("Content-Type", "application/json")], body: body,
                isRepeatable: !apply
            )
            let answer = try await service.send(call)
            try output.show(answer.body) { Self.text(try answer.decoded(as: RepackView.self)) }
        }
    }

    static func text(_ view: RepackView) -> String {
        guard !view.moves.isEmpty else { return "Nothing that has not begun would win by moving.\n" }
        var table = Table([
            .text("of"), .number("count"), .number("vCPU"), .number("memory MiB"), .text("site"), .text("from"),
            .text("to"), .text("start"), .text("end"), .text(""),
        ])
        for move in view.moves {
            table.add(
                move.of, "\(move.count)", plain(move.vcpu), "\(move.memoryMiB)", move.site, move.from, move.to,
                move.start.toTheSecond, move.end.toTheSecond, move.made ? "moved" : view.applied ? "not moved" : ""
            )
        }
        let hours = plain((view.largeSlotHours * 10).rounded() / 10)
        var text = table.text + "\(view.applied ? "Won" : "To be won"): \(hours) hours of room for a 32C96G, "
        text += "\(view.hostsEmptied) \(view.hostsEmptied == 1 ? "host" : "hosts") emptied.\n"
        if let stopped = view.stopped { text += "The rest was not moved: \(stopped)\n" }
        return text
    }
}
