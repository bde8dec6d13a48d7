import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Synchronization

/// A gRPC client that takes a new connection after so many calls.
///
/// The HTTP/2 library under gRPC ends a connection on which the peer has reset 200 streams, taking it for an attack. containerd
/// may reset a stream of every call it answers, so a long-lived connection fails whatever is under way about once in
/// 200 calls. A connection that is left after half of that never gets there; calls under way on it end in peace.
final class RotatingClient<Transport: ClientTransport>: Sendable {
    /// Half of what the HTTP/2 library bears.
    static var callsPerConnection: Int { 100 }

    private struct State {
        var current: GRPCClient<Transport>
        /// Left, but open until the next one is left too: somebody may have taken it and not made his call yet.
        var previous: GRPCClient<Transport>?
        var calls = 0
        var isClosed = false
    }

    private let makeTransport: @Sendable () throws -> Transport
    private let state: Mutex<State>
    private let made: AsyncStream<GRPCClient<Transport>>
    private let making: AsyncStream<GRPCClient<Transport>>.Continuation

    /// - Throws: what `makeTransport` throws the first time.
    init(_ makeTransport: @escaping @Sendable () throws -> Transport) throws {
        self.makeTransport = makeTransport
        let first = GRPCClient(transport: try makeTransport())
        state = Mutex(State(current: first))
        (made, making) = AsyncStream.makeStream()
        making.yield(first)
    }

    /// The client for one call.
    var client: GRPCClient<Transport> {
        let (client, isNew, idle) = state.withLock { state in
            state.calls += 1
            guard state.calls > Self.callsPerConnection, !state.isClosed, let next = next() else {
                return (state.current, false, GRPCClient<Transport>?.none)
            }
            let idle = state.previous
            state.previous = state.current
            state.current = next
            state.calls = 1
            return (next, true, idle)
        }
        if isNew { making.yield(client) }
        idle?.beginGracefulShutdown()
        return client
    }

    /// `nil` where no transport can be made: the old one stays in use, and the next call tries again.
    private func next() -> GRPCClient<Transport>? {
        (try? makeTransport()).map { GRPCClient(transport: $0) }
    }

    /// Keeps the connections until the task is cancelled or `close()` is called.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for await client in made {
                group.addTask { try await client.runConnections() }
            }
        }
    }

    /// Lets calls under way end, then lets `run()` return.
    func close() {
        let open = state.withLock { state in
            state.isClosed = true
            return [state.previous, state.current]
        }
        making.finish()
        for client in open { client?.beginGracefulShutdown() }
    }
}
