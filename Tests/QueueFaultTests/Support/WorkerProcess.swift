import Glibc

/// A `queue-worker` beside the test, from its start to its end.
struct WorkerProcess: Sendable {
    private let child: Child

    /// Starts one that works on `ground`.
    ///
    /// - Parameters:
    ///   - database: How it connects, where that is not the ground's own way.
    ///   - prefix: A program that becomes the worker, such as one that enters a namespace.
    ///   - hearing: Where its lines go.
    init(
        _ name: String, on ground: Ground, database: String? = nil, _ options: [String] = [], prefix: [String] = [],
        environment: [String: String] = [:], hearing: Hearing
    ) async throws {
        let program = [try Built.path(of: "queue-worker"), "--name", name, "--database", database ?? ground.conninfo]
        child = try await Child(
            name, prefix + program + options, environment: environment,
            hear: { hearing.take($0, from: name) }, lose: { hearing.lost(name) }
        )
    }

    /// kill -9; returns when nothing of it is left.
    func kill() async { await child.kill() }

    /// Asks it to stop and waits until it has.
    func finish() async throws { try await child.finish() }

    /// Takes the processor from it.
    func freeze() { child.send(SIGSTOP) }

    func thaw() { child.send(SIGCONT) }

    /// Lets the handlers go on that hold their jobs.
    func letThrough() { child.send(SIGUSR1) }
}
