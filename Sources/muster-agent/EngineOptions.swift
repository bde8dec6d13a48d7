import ArgumentParser
import Logging
import SiteAgent

/// The flags of the engine that runs containers.
struct ContainerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("UNIX socket of the container runtime.", valueName: "socket"))
    var containerd = "/run/containerd/containerd.sock"

    @Option(help: ArgumentHelp("How many containers start or stop at once, over all sites.", valueName: "count"))
    var concurrency = 4

    func validate() throws {
        guard (1...256).contains(concurrency) else {
            throw ValidationError("--concurrency is \(concurrency); it must lie between 1 and 256.")
        }
    }

    func connection() throws -> RuntimeConnection {
        try RuntimeConnection(socket: containerd)
    }

    func engine(
        over connection: RuntimeConnection, logFolder: String, timekeeper: any Timekeeper
    ) -> CRIEngine {
        connection.engine(logFolder: logFolder, concurrency: concurrency, timekeeper: timekeeper)
    }
}

/// The flags of the engine that runs nothing.
struct SimulatedOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How long a start takes, such as 250ms, 2s or PT1M.", valueName: "duration"))
    var simulatedStartDelay = Delay(duration: .zero)

    @Option(help: ArgumentHelp("How long a stop takes.", valueName: "duration"))
    var simulatedStopDelay = Delay(duration: .zero)

    @Option(help: ArgumentHelp("Share of starts that fail, from 0 to 1.", valueName: "share"))
    var simulatedFailureShare = 0.0

    @Option(help: ArgumentHelp("Decides which starts fail; the same seed, the same starts.", valueName: "number"))
    var simulatedSeed: UInt64 = 1

    func validate() throws {
        guard (0...1).contains(simulatedFailureShare) else {
            throw ValidationError("--simulated-failure-share is \(simulatedFailureShare); it must lie between 0 and 1.")
        }
    }

    func engine(timekeeper: any Timekeeper, logger: Logger) -> SimulatedEngine {
        let settings = SimulatedEngine.Settings(
            startDelay: simulatedStartDelay.duration, stopDelay: simulatedStopDelay.duration,
            failureShare: simulatedFailureShare, seed: simulatedSeed
        )
        return SimulatedEngine(settings: settings, timekeeper: timekeeper, logger: logger)
    }
}

/// A length of time as a person types it.
struct Delay: ExpressibleByArgument, CustomStringConvertible {
    var duration: Duration

    init(duration: Duration) {
        self.duration = duration
    }

    init?(argument: String) {
        guard let duration = Duration(typed: argument) else { return nil }
        self.duration = duration
    }

    var description: String { duration == .zero ? "0s" : "\(duration)" }
    var defaultValueDescription: String { description }
}
