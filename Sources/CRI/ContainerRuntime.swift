import GRPCCore
import GRPCNIOTransportHTTP2Posix

/// A connection to a container runtime such as containerd, over its UNIX socket.
///
/// Nothing works before `run()` does. A runtime that is not there fails calls at once with `unreachable`, and the
/// connection is made anew by itself when it comes back, at most two seconds later. Every call has a deadline.
package struct ContainerRuntime: Sendable {
    package typealias Transport = HTTP2ClientTransport.Posix

    private let connections: RotatingClient<Transport>

    var runtime: Runtime_V1_RuntimeService.Client<Transport> { .init(wrapping: connections.client) }
    var images: Runtime_V1_ImageService.Client<Transport> { .init(wrapping: connections.client) }

    /// - Throws: where no transport can be made for a UNIX socket; a socket nobody listens on is no error here.
    package init(socket: String) throws {
        connections = try RotatingClient {
            try Transport(
                target: .unixDomainSocket(path: socket, authority: "localhost"),
                transportSecurity: .plaintext,
                config: .defaults { config in
                    config.backoff = .init(
                        initial: .milliseconds(100), max: .seconds(2), multiplier: 1.6, jitter: 0.2)
                }
            )
        }
    }

    /// Keeps the connection until the task is cancelled or `close()` is called.
    package func run() async throws {
        try await connections.run()
    }

    /// Lets calls under way end, then lets `run()` return.
    package func close() {
        connections.close()
    }

    /// Connects to `socket`, runs `body`, and closes whatever the outcome.
    package static func withConnection<Value: Sendable>(
        to socket: String,
        _ body: @Sendable (ContainerRuntime) async throws -> Value
    ) async throws -> Value {
        let runtime = try ContainerRuntime(socket: socket)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await runtime.run() }
            let result: Result<Value, any Error>
            do {
                result = .success(try await body(runtime))
            } catch {
                result = .failure(error)
            }
            runtime.close()
            try await group.waitForAll()
            return try result.get()
        }
    }
}

extension ContainerRuntime {
    /// How long a call may take. Starting pods waits for the network plug-in, which a busy machine makes slow.
    enum Deadline {
        static let question = Duration.seconds(20)
        static let change = Duration.seconds(60)
        static let pull = Duration.seconds(300)
    }

    /// A list of thousands of pods is larger than gRPC's usual four mebibytes.
    private static let messageLimitBytes = 64 << 20

    /// Makes the call named `name` with `deadline`, and turns what it throws into a `RuntimeFailure`.
    func call<Answer: Sendable>(
        _ name: String,
        within deadline: Duration,
        _ body: (CallOptions) async throws -> Answer
    ) async throws(RuntimeFailure) -> Answer {
        var options = CallOptions.defaults
        options.timeout = deadline
        options.waitForReady = false
        options.maxRequestMessageBytes = Self.messageLimitBytes
        options.maxResponseMessageBytes = Self.messageLimitBytes
        do {
            return try await body(options)
        } catch {
            throw RuntimeFailure(error, during: name)
        }
    }
}
