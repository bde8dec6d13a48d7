import Glibc

/// A child process that works on a queue and tells how far it is: lines of "nanoseconds count" on its standard output.
///
/// It ends when its standard input is closed, which the kernel does also when this process is killed, so none is left
/// behind. One that does not end in time is killed.
actor WorkerProcess {
    /// How many jobs were done at an instant of `MonotonicClock`.
    struct Sample: Sendable {
        var nanoseconds: Int64
        var count: Int
    }

    private let id: pid_t
    /// Closed to end the child; nothing is ever written to it.
    private var leash: Int32
    private let output: Int32
    /// The beginning of a line whose end has not come yet.
    private var rest: [UInt8] = []
    private var isEnded = false

    private static let endLimit = Duration.seconds(10)

    init(_ program: String, _ arguments: [String]) throws(BenchFailure) {
        var input: [Int32] = [-1, -1]
        var output: [Int32] = [-1, -1]
        guard pipe(&input) == 0, pipe(&output) == 0 else { throw BenchFailure("no pipe to a child: errno \(errno)") }
        // Closed in children, or one would hold the leash of the next.
        for end in input + output { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(output[0], F_SETFL, O_NONBLOCK)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var id: pid_t = 0
        let status = posix_spawn(&id, program, &actions, nil, &words, environ)
        close(input[0])
        close(output[1])
        guard status == 0 else {
            throw BenchFailure("\(program) cannot be started: errno \(status)")
        }
        self.id = id
        leash = input[1]
        self.output = output[0]
    }

    /// This program itself, doing what a subcommand of it says.
    init(_ command: String, in database: ArenaDatabase, _ options: [String] = []) throws(BenchFailure) {
        try self.init("/proc/self/exe", [command, "--database", database.name] + options)
    }

    /// What it has told since this was asked last.
    func samples() throws(BenchFailure) -> [Sample] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let length = Glibc.read(output, &buffer, buffer.count)
            if length == 0 { throw BenchFailure("a worker process ended before its time") }
            guard length > 0 else { break }
            rest += buffer[..<length]
        }
        var lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        rest = Array(lines.removeLast())
        return lines.compactMap { line in
            let words = line.split(separator: UInt8(ascii: " ")).map { Int64(String(decoding: $0, as: UTF8.self)) }
            guard words.count == 2, let nanoseconds = words[0], let count = words[1] else { return nil }
            return Sample(nanoseconds: nanoseconds, count: Int(count))
        }
    }

    /// Lets it end, and sees that it does.
    func end() async {
        guard !isEnded else { return }
        isEnded = true
        close(leash)
        let deadline = ContinuousClock.now + Self.endLimit
        while waitpid(id, nil, WNOHANG) == 0 {
            if ContinuousClock.now > deadline { kill(id, SIGKILL) }
            // Cut short only when the whole bench is being ended.
            _ = try? await Task.sleep(for: .milliseconds(5))
        }
        close(output)
    }
}

/// Lets `body` use `processes` and ends them however it ends.
func withProcesses<Value: Sendable>(
    _ processes: [WorkerProcess],
    _ body: ([WorkerProcess]) async throws -> Value
) async throws -> Value {
    do {
        let value = try await body(processes)
        for process in processes { await process.end() }
        return value
    } catch {
        for process in processes { await process.end() }
        throw error
    }
}
