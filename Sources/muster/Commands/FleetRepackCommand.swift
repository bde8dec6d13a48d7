import ArgumentParser
import CapacityAPI
import CapacityModel

struct FleetRepackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repack",
        abstract: "Proposes moves of what has not begun that bring large free slots together. Needs an operator's key.",
        discussion: """
            Orders that begin in more than ten minutes, and reservations, may stand on other hosts of their sites. What runs is \
            moved only with --running: its replacement is delivered first, and it is stopped when that is ready. Without --apply nothing is moved at all. Every five minutes a proposal is made in the background; \
            --newest shows it, and --apply with its number makes it.

            Examples:

              $ muster fleet repack --moves 20
              $ muster fleet repack --newest
              $ muster fleet repack --apply --proposal 17
            """
    )

    @Flag(help: "Make the moves.") var apply = false
    @Flag(help: "Move what runs too, replacement first.") var running = false
    @Flag(help: "Show the newest proposal that was made in the background.") var newest = false
    @Option(help: "The number of the newest proposal, to be made with --apply.") var proposal: Int64?
    @Option(help: "At most so many moves, 1 to 2000; 500 if absent.") var moves: Int?
    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func validate() throws {
        if let moves, !RepackRequest.movesRange.contains(moves) {
            throw ValidationError("--moves is 1 to \(RepackRequest.movesRange.upperBound)")
        }
        guard !newest || (!apply && !running && proposal == nil && moves == nil) else {
            throw ValidationError("--newest stands alone: it shows what was proposed")
        }
        guard proposal == nil || (apply && !running && moves == nil) else {
            throw ValidationError("--proposal comes with --apply, and without --moves and --running")
        }
    }

    /// What is asked of the service.
    func call() throws -> Service.Call {
        guard !newest else { return Service.Call(method: "GET", path: "/v1/repack") }
        var body: [String: JSONValue] = ["apply": .bool(apply)]
        if running { body["running"] = .bool(true) }
        if let moves { body["moves"] = .integer(Int64(moves)) }
        if let proposal { body["proposal"] = .integer(proposal) }
        return Service.Call(
            method: "POST", path: "/v1/repack", headers: [("Content-Type", "application/json")],
            body: try JSONText.bytes(JSONValue.object(body)), isRepeatable: !apply)
    }

    func run() async throws {
        let call = try call()
        try await service.with { service in
            let answer = try await service.send(call)
            try output.show(answer.body) { Self.text(try answer.decoded(as: RepackView.self)) }
        }
    }

    static func text(_ view: RepackView) -> String {
        let head = view.proposal.map { "Proposal \($0) of \(view.proposedAt?.toTheSecond ?? "")\n" } ?? ""
        guard !view.moves.isEmpty else { return head + "Nothing would win by moving.\n" }
        var table = Table([
            .text("of"), .number("count"), .number("vCPU"), .number("memory MiB"), .text("site"), .text("from"),
            .text("to"), .text("start"), .text("end"), .text(""),
        ])
        for move in view.moves {
            table.add(
                move.of, "\(move.count)", plain(move.vcpu), "\(move.memoryMiB)", move.site, move.from, move.to,
                move.start.toTheSecond, move.end.toTheSecond, state(of: move, in: view)
            )
        }
        let hours = plain((view.largeSlotHours * 10).rounded() / 10)
        var text = head + table.text + "\(view.applied ? "Won" : "To be won"): \(hours) hours of room for a 32C96G, "
        text += "\(view.hostsEmptied) \(view.hostsEmptied == 1 ? "host" : "hosts") emptied.\n"
        if let stopped = view.stopped { text += "The rest was not moved: \(stopped)\n" }
        return text
    }

    private static func state(of move: RepackView.Move, in view: RepackView) -> String {
        switch (move.made, move.running) {
        case (true, true): "replacement on its way"
        case (true, false): "moved"
        case (false, _) where view.applied: "not moved"
        case (false, true): "running"
        case (false, false): ""
        }
    }
}
