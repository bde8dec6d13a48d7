import ArgumentParser
import Glibc

/// The command line of Muster.
@main
struct Muster: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "muster",
        abstract: "Orders compute capacity in batches, watches it come and go, and shows the bill.",
        discussion: """
            Say how many instances, of what size, for how long; Muster finds where, holds the capacity, delivers it by \
            the window's start and takes it back at its end.

            A first order, from a file:

              $ cat order.yaml
              spec: { vcpu: 0.05, memoryMiB: 16, image: "muster.local/probe:1" }
              count: 10
              window: { duration: PT5M }

              $ muster quote -f order.yaml          # where, and for how much
              $ muster order create -f order.yaml   # holds it and delivers it
              $ muster order watch ord-1            # until all are ready
              $ muster instances ord-1              # their addresses
              $ muster order watch ord-1 --until released
              $ muster report billing --order ord-1

            \(Self.settingsHelp)

            \(ExitReason.help)
            """,
        subcommands: [
            QuoteCommand.self, OrderCommand.self, ReservationCommand.self, InstancesCommand.self, SitesCommand.self,
            HostsCommand.self, SiteCommand.self, HostCommand.self, ClosureCommand.self, FleetCommand.self,
            ReportCommand.self, KeyCommand.self, TenantCommand.self, QuotaCommand.self, HeadroomCommand.self,
            QueueCommand.self,
        ]
    )

    private static let settingsHelp = """
        Where the service is and who asks comes from the environment, or from the option of the same meaning:

          MUSTER_URL       --url       the service, like http://127.0.0.1:8080
          MUSTER_KEY       --key       the API key
          MUSTER_DATABASE  --database  the database, as psql takes it (report, queue)

        Every command that asks the service takes '-o json': its answer, unchanged.
        """

    /// Runs the command that was asked for. Whatever goes wrong becomes a sentence on standard error and an exit
    /// status.
    static func main() async {
        do {
            var command = try await asyncParseAsRoot(nil)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            Output.error.write(failure.text + "\n")
            Glibc.exit(failure.status.rawValue)
        } catch  where exitCode(for: error) == .success {
            // Asking for help is an error of the parser's, and no failure.
            exit(withError: error)
        } catch {
            Output.error.write(fullMessage(for: error) + "\n")
            Glibc.exit(ExitReason.invalid.rawValue)
        }
    }
}
