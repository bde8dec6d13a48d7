import ArgumentParser
import Logging
import ServiceLifecycle
import SiteAgent
import UnixSignals

@main
struct MusterAgent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "muster-agent",
        abstract: "Makes Muster's assignments real at one site or many.",
        discussion: """
            The agent dials out to the centre, asks what shall run at its sites, runs it through an engine, and reports \
            back. Nobody dials in. Everything it must know to release instances on time is kept in --state, so it does \
            so even while the centre cannot be reached. Stopping the agent stops no instance: started again with the \
            same --state, it finds them and goes on.

            All sites, with containers of this machine:
              muster-agent --server http://127.0.0.1:8080 --key-file agent.key \\
                  --state /var/lib/muster-agent \\
                  --engine cri --containerd /run/containerd/containerd.sock

            Two sites, without containers:
              MUSTER_AGENT_KEY=… muster-agent --server http://127.0.0.1:8080 \\
                  --state state --engine simulated \\
                  --sites gd-guangzhou-telecom,bj-beijing-unicom
            """
    )

    @Option(help: ArgumentHelp("Where the centre answers, such as http://127.0.0.1:8080.", valueName: "url"))
    var server: String

    @Option(
        help: ArgumentHelp(
            "File that holds the agent's key. Without it the environment's MUSTER_AGENT_KEY is used.",
            valueName: "file"
        )
    )
    var keyFile: String?

    @Option(help: ArgumentHelp("Site names with commas between, or 'all' that the key may serve.", valueName: "sites"))
    var sites = "all"

    @Option(help: "What runs instances: cri (containers of this machine) or simulated (nothing, but fast).")
    var engine = EngineKind.cri

    @Option(help: ArgumentHelp("Folder for what the agent must remember; made if it is missing.", valueName: "folder"))
    var state: String

    @Option(help: ArgumentHelp("What this agent calls itself; the machine's name if left out.", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("The least important lines to log.", valueName: "level"))
    var logLevel = LogLevel.info

    @OptionGroup(title: "With --engine cri")
    var containers: ContainerOptions

    @OptionGroup(title: "With --engine simulated")
    var simulated: SimulatedOptions

    func validate() throws {
        guard server.hasPrefix("http://") || server.hasPrefix("https://") else {
            throw ValidationError("--server \(server) does not start with http:// or https://.")
        }
        guard sites == "all" || !siteNames.isEmpty else {
            throw ValidationError("--sites names no site; say 'all' for every site the key may serve.")
        }
    }

    private var siteNames: [String] {
        sites == "all" ? [] : sites.split(separator: ",").map(String.init).filter { !$0.isEmpty }
    }

    func run() async throws {
        let level = logLevel.level
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        var logger = Logger(label: "muster-agent")
        let key = try AgentKey.read(file: keyFile)
        let folder = try StateFolder(path: state)
        let name = name ?? Machine.hostName
        logger[metadataKey: "agent"] = "\(name)"

        let timekeeper = SystemTimekeeper()
        let store = try OfflineStore(folder: folder.path)
        let centre = HTTPCentre(server: server, key: key)
        var services: [any Service] = []
        let chosen: any Engine
        switch engine {
        case .cri:
            let connection = try containers.connection()
            services.append(connection)
            chosen = containers.engine(over: connection, logFolder: try folder.logs(), timekeeper: timekeeper)
        case .simulated:
            chosen = simulated.engine(timekeeper: timekeeper, logger: logger)
        }
        services.append(
            try await Agent(
                settings: .init(name: name, sites: siteNames),
                engine: chosen,
                centre: centre,
                store: store,
                timekeeper: timekeeper,
                logger: logger
            )
        )
        let group = ServiceGroup(
            configuration: .init(services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        )
        do {
            try await group.run()
        } catch {
            try await centre.shutdown()
            throw error
        }
        try await centre.shutdown()
    }
}

enum EngineKind: String, CaseIterable, ExpressibleByArgument {
    case cri, simulated
}

/// The levels of the log, as the flag has them.
enum LogLevel: String, CaseIterable, ExpressibleByArgument {
    case trace, debug, info, warning, error

    var level: Logger.Level {
        switch self {
        case .trace: .trace
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}
