import ArgumentParser
import CapacityAPI

struct ReservationListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists reservations, the newest first."
    )

    @Option(help: "Show at most so many.")
    var limit = 50

    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit is at least 1") }
    }

    func run() async throws {
        try await service.with { service in
            let reservations = try await service.list("/v1/reservations", of: ReservationView.self, limit: limit)
            output.show(reservations.json) {
                ReservationDescription.text(reservations.items)
                    + (reservations.isCut ? "There are more; see --limit.\n" : "")
            }
        }
    }
}

struct ReservationGetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Shows one reservation: what is held, what was drawn, and where it lies by province."
    )

    @Argument(help: "The reservation, like rsv-1.") var id: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        try await service.with { service in
            let answer = try await service.send(Service.Call(path: "/v1/reservations/\(Service.escaped(id))"))
            try output.show(answer.body) { ReservationDescription.text(try answer.decoded(as: ReservationView.self)) }
        }
    }
}
