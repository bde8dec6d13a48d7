import CRI
import ServiceLifecycle

/// The connection to this machine's container runtime, as long as the program lives.
package struct RuntimeConnection: Service {
    private let runtime: ContainerRuntime

    package init(socket: String) throws {
        runtime = try ContainerRuntime(socket: socket)
    }

    package func run() async throws {
        try await withGracefulShutdownHandler {
            try await runtime.run()
        } onGracefulShutdown: {
            runtime.close()
        }
    }

    /// The engine that works over this connection.
    package func engine(logFolder: String, concurrency: Int, timekeeper: any Timekeeper) -> CRIEngine {
        CRIEngine(runtime: runtime, logFolder: logFolder, concurrency: concurrency, timekeeper: timekeeper)
    }
}
