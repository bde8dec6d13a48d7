import ArgumentParser
import CapacityAPI

struct ReservationCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Holds capacity: nobody else can have it when this returns, and nothing is billed.",
        discussion: """
            The file says what one of the count takes, how many, where, and for how long nobody may show up:

              $ cat vms.yaml
              spec: { vcpu: 8, memoryMiB: 16384 }
              count: 1000
              scope: { include: [ { province: "44" } ] }
              timeToLive: P7D
              $ muster reservation create -f vms.yaml
            """
    )

    @Option(name: .shortAndLong, help: "The reservation as YAML or JSON; '-' reads standard input.")
    var file: String

    @Option(help: ArgumentHelp("The same key makes one reservation. Default: a random one.", valueName: "key"))
    var idempotencyKey: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let file = try OrderFile.read(file)
        let key = idempotencyKey ?? IdempotencyKey.random()
        let call = Service.Call(
            method: "POST",
            path: "/v1/reservations",
            headers: [("Content-Type", "application/json"), ("Idempotency-Key", key)],
            body: try file.body()
        )
        try await service.with { service in
            let answer = try await send(call, about: file, key: key, service)
            try output.show(answer.body) {
                let made = try answer.decoded(as: ReservationView.self)
                let known = answer.status == 201 ? "" : "This key has made the reservation before.\n\n"
                return known + ReservationDescription.text(made)
            }
        }
    }

    private func send(
        _ call: Service.Call, about file: OrderFile, key: String, _ service: Service
    ) async throws(Failure) -> Service.Answer {
        do {
            return try await service.send(call, about: file)
        } catch {
            var failure = error
            if error.status == .unavailable {
                failure.note =
                    "\nIt may be held all the same. To ask again without holding twice:\n\n"
                    + "  muster reservation create \(file.words) --idempotency-key \(shellWord(key))"
            }
            throw failure
        }
    }
}
