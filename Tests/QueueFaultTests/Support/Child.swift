import Glibc
import Subprocess
import Synchronization

/// A program beside the test, from its start to its end.
final class Child: Sendable {
    private let name: String
    private let processID: pid_t
    private let end: Task<TerminationStatus, any Error>
    private let fate = Fate()

    private final class Fate: Sendable {
        let isSealed = Atomic(false)
    }

    /// What the programs of a test run under: should this process die, in whatever way, the kernel kills them.
    private static let guardian = ["setpriv", "--pdeathsig", "KILL", "--"]

    /// Starts `words`, and returns once they are a process.
    ///
    /// - Parameters:
    ///   - hear: Told each line it says.
    ///   - lose: Called when it has ended though nobody had ended it.
    init(
        _ name: String, _ words: [String], environment: [String: String] = [:],
        hear: @escaping @Sendable (String) -> Void, lose: @escaping @Sendable () -> Void
    ) async throws {
        let variables = environment.map { (Environment.Key(stringLiteral: $0.key), Optional($0.value)) }
        let (processIDs, announce) = AsyncStream.makeStream(of: pid_t.self)
        let end = Task { [fate] in
            defer {
                announce.finish()
                if !fate.isSealed.load(ordering: .relaxed) { lose() }
            }
            return try await Subprocess.run(
                .name(Self.guardian[0]), arguments: Arguments(Self.guardian.dropFirst() + words),
                environment: .inherit.updating(Dictionary(uniqueKeysWithValues: variables)),
                input: .none, output: .sequence, error: .combinedWithOutput
            ) { execution in
                announce.yield(execution.processIdentifier.value)
                for try await line in execution.standardOutput.strings() { hear(line) }
            }.terminationStatus
        }
        guard let processID = await processIDs.first(where: { _ in true }) else {
            _ = try await end.value
            throw Trouble("\(name) did not start")
        }
        self.name = name
        self.processID = processID
        self.end = end
    }

    deinit {
        fate.isSealed.store(true, ordering: .relaxed)
        // To Subprocess, a cancelled run is one to be killed.
        end.cancel()
    }

    /// kill -9; returns when nothing of it is left.
    func kill() async {
        fate.isSealed.store(true, ordering: .relaxed)
        send(SIGKILL)
        _ = await end.result
    }

    /// Asks it to stop and waits until it has, which it must without complaint.
    func finish() async throws {
        fate.isSealed.store(true, ordering: .relaxed)
        send(SIGTERM)
        guard try await end.value.isSuccess else { throw Trouble("\(name) did not end well") }
    }

    /// A signal to one that has ended by itself is lost; that it has ended is told.
    func send(_ signal: Int32) {
        _ = Glibc.kill(processID, signal)
    }
}
