import ArgumentParser
import CapacityAPI

struct ReservationReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Gives back what a reservation still holds. What orders drew stays theirs."
    )

    @Argument(help: "The reservation, like rsv-1.") var id: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        try await service.with { service in
            let call = Service.Call(method: "POST", path: "/v1/reservations/\(Service.escaped(id)):release")
            let answer = try await service.send(call)
            try output.show(answer.body) { ReservationDescription.text(try answer.decoded(as: ReservationView.self)) }
        }
    }
}
