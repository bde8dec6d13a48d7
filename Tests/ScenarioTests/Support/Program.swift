import Glibc
import Subprocess
import Synchronization

/// A program that runs beside the story, can be killed, and started again as often as the story wants.
final class Program: Sendable {
    /// From one start to its end.
    private struct Life {
        let pid: pid_t
        let lines: AsyncStream<String>
        let end: Task<Int32?, any Error>
        let pulse: Pulse
    }

    private final class Pulse: Sendable {
        let beats = Atomic(true)
    }

    let name: String
    private let words: @Sendable () throws -> [String]
    private let environment: [String: String]
    private let life = Mutex<Life?>(nil)
    private let transcript = Transcript()

    /// - Parameter words: the program and its arguments, asked for at every start.
    init(_ name: String, environment: [String: String] = [:], words: @escaping @Sendable () throws -> [String]) {
        self.name = name
        self.environment = environment
        self.words = words
    }

    deinit {
        life.withLock { $0?.end.cancel() }
    }

    /// Whether the life that was started last goes on.
    var isRunning: Bool { life.withLock { $0?.pulse.beats.load(ordering: .relaxed) ?? false } }

    var pid: pid_t? { life.withLock { $0?.pid } }

    func start() async throws {
        let arguments = Arguments(Command.guardian.dropFirst() + (try words()))
        let (pids, announce) = AsyncStream.makeStream(of: pid_t.self)
        let (lines, feed) = AsyncStream.makeStream(of: String.self)
        let pulse = Pulse()
        let end = Task<Int32?, any Error> { [environment, transcript] in
            defer {
                pulse.beats.store(false, ordering: .relaxed)
                announce.finish()
                feed.finish()
            }
            let result = try await Subprocess.run(
                .name(Command.guardian[0]), arguments: arguments, environment: .inherit(with: environment),
                input: .none, output: .sequence, error: .combinedWithOutput
            ) { execution in
                announce.yield(execution.processIdentifier.value)
                for try await line in execution.standardOutput.strings() {
                    transcript.note(line)
                    feed.yield(line)
                }
            }
            return result.terminationStatus.code
        }
        for await pid in pids {
            life.withLock { $0 = Life(pid: pid, lines: lines, end: end, pulse: pulse) }
            return
        }
        _ = try await end.value
    }

    /// kill -9; returns when nothing of it is left. Does nothing to one that has ended.
    func kill() async {
        guard let life = life.withLock({ $0 }) else { return }
        self.life.withLock { $0 = nil }
        // To Subprocess, a cancelled run is one to be killed.
        life.end.cancel()
        _ = await life.end.result
    }

    /// Waits for it to end by itself, and returns what it exited with.
    func end() async throws -> Int32? {
        guard let life = life.withLock({ $0 }) else { throw Complaint("\(name) does not run") }
        let status = try await life.end.value
        self.life.withLock { $0 = nil }
        return status
    }

    /// The next line that `matches`; those before it are passed over.
    @discardableResult
    func line(where matches: (String) -> Bool) async throws -> String {
        guard let life = life.withLock({ $0 }) else { throw Complaint("\(name) does not run") }
        for await line in life.lines where matches(line) { return line }
        throw Complaint("\(name) ended without the line that was waited for; \(lastWords)")
    }

    var lastWords: String { "the last lines of \(name):\n\(transcript.end)" }
}

/// The newest lines of a program, over all its lives.
private final class Transcript: Sendable {
    private let lines = Mutex<[String]>([])

    var end: String { lines.withLock { $0.suffix(20).joined(separator: "\n") } }

    func note(_ line: String) {
        lines.withLock { lines in
            lines.append(line)
            if lines.count > 1_000 { lines.removeFirst(500) }
        }
    }
}
