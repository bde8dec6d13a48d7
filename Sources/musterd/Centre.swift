import CapacityStore
import Delivery
import FoundationEssentials
import Hummingbird
import JobQueue
import Logging
import Metrics
import OrderService
import Postgres
import ServiceLifecycle
import UnixSignals

/// One process of the centre: wires what it was asked to be, and runs it until it is told to stop.
struct Centre {
    let database: DatabaseOptions
    let log: LogOptions
    /// `nil`: does not serve.
    let listen: ListenOptions?
    /// `nil`: does not work.
    let work: WorkOptions?
    var migrates = false

    /// How long a graceful stop may take before what is left is cancelled.
    private static let stopLimit = Duration.seconds(40)

    func run() async throws {
        let logger = log.makeLogger()
        let registry = MetricRegistry()
        MetricsSystem.bootstrap(registry)
        let migrator = try database.migrator()
        try await prepareSchema(migrator, logger)

        let servePool = listen.map { Pool(database.configuration(as: "musterd serve"), size: $0.serveSessions) }
        let workPool = work.map { Pool(database.configuration(as: "musterd work"), size: $0.workSessions) }
        let pools = [servePool, workPool].compactMap { $0 }
        guard let pool = servePool ?? workPool else { preconditionFailure("a centre serves, works, or both") }
        let planner = Planner(store: Store(pool: pool))
        let bell = Bell(pool: pool, logger: Logger(label: "musterd.bell"))

        // Stopped from the last to the first: HTTP, then work, then what both stand on.
        var services: [any Service] = pools.map(PoolService.init)
        services.append(bell)
        if let work, let workPool {
            services.append(Watchdog(pool: workPool, logger: Logger(label: "musterd.watchdog")))
            services.append(worker(work, Store(pool: workPool), planner, bell))
        }
        if let listen, let servePool {
            services += try server(listen, Store(pool: servePool), planner, bell, migrator, registry)
        }
        var configuration = ServiceGroupConfiguration(
            services: services.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) },
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = Self.stopLimit
        try await ServiceGroup(configuration: configuration).run()
        for pool in pools { await pool.shutdown() }
        logger.info("stopped")
    }

    private func prepareSchema(_ migrator: Migrator, _ logger: Logger) async throws {
        let session = try await database.session(as: "musterd start", logger: logger)
        if migrates {
            let applied = try await migrator.bringUpToDate(session)
            if !applied.isEmpty { logger.info("migrated", metadata: ["applied": "\(applied.joined(separator: ", "))"]) }
        } else {
            try await migrator.check(session)
        }
        await session.close()
    }

    private func worker(_ work: WorkOptions, _ store: Store, _ planner: Planner, _ bell: Bell) -> any Service {
        let process = ProcessInfo.processInfo
        return DeliveryWorker(
            name: "\(process.hostName)-\(process.processIdentifier)",
            store: store,
            planner: planner,
            bell: bell,
            listener: database.listening(as: "musterd work listener"),
            concurrency: work.concurrency,
            logger: Logger(label: "musterd.work")
        )
    }

    private func server(
        _ listen: ListenOptions,
        _ store: Store,
        _ planner: Planner,
        _ bell: Bell,
        _ migrator: Migrator,
        _ registry: MetricRegistry
    ) throws -> [any Service] {
        guard let address = listen.address else { throw Complaint("--listen is host:port") }
        let logger = Logger(label: "musterd.serve")
        let hub = Hub()
        let desk = OrderDesk(store: store, planner: planner, bell: bell, logger: logger)
        let reports = ReportDesk(store: store, bell: bell)
        let server = try OrderServer(
            store: store, desk: desk, hub: hub, readiness: Readiness(pool: store.pool, migrator: migrator),
            registry: registry, logger: logger
        ) { try await reports.absorb($0) }
        let listening = HubListening(
            hub, configuration: database.listening(as: "musterd serve listener"), logger: logger
        )
        let file = listen.listenFile.map(ListenFile.init)
        let application = server.application(address: .hostname(address.host, port: address.port)) { host, port in
            do {
                try file?.write(host: host, port: port)
            } catch {
                logger.critical("the listen file cannot be written", metadata: ["error": "\(error)"])
            }
        }
        return [listening, application]
    }
}

/// Keeps a pool tidy as long as the process lives.
private struct PoolService: Service {
    let pool: Pool

    func run() async throws {
        await cancelWhenGracefulShutdown { await pool.run() }
    }
}
