import ArgumentParser

struct ReservationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reservation",
        abstract: "Takes capacity without deploying anything on it yet, shows what is held and gives it back.",
        discussion: """
            Orders draw on a reservation by naming it:

              $ muster reservation create -f vms.yaml
              $ muster order create -f order.yaml --reservation rsv-1
            """,
        subcommands: [
            ReservationCreateCommand.self, ReservationListCommand.self, ReservationGetCommand.self,
            ReservationReleaseCommand.self,
        ]
    )
}
