import ArgumentParser

/// Measures Muster. Each bench prints a table for people and, as its last line, one JSON object for machines.
@main
struct MusterBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "muster-bench",
        abstract: "Measures Muster; Scripts/bench prepares what a bench needs and runs it.",
        discussion: """
            'placement' measures in process, with the data below MUSTER_FIXTURES, 'ledger' and 'queue' on a bare PostgreSQL. \
            The others measure a service that is up, named by the environment: MUSTER_URL, MUSTER_KEY (a tenant's), \
            MUSTER_OPERATOR_KEY and MUSTER_DATABASE; 'delivery' also needs MUSTER_CONTAINERD, the socket of the \
            containerd that the agent uses. MUSTER_COMMIT names the commit that is measured.

            The exit status is 0 when it ran, whatever it found.
            """,
        subcommands: [
            PlacementCommand.self, LedgerBench.self, OrderBench.self, DeliveryBench.self, ReleaseBench.self,
            QueueBench.self, QueueWorkerCommand.self, RawWorkerCommand.self,
        ]
    )
}
