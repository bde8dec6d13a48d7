import Dispatch
import Glibc

/// The two pipes to a supervisor: words out, one line back for each.
final class Control: Sendable {
    let folder: String
    /// The supervisor, in whose namespaces the server lives.
    let processID: pid_t
    private let input: Int32
    private let output: Int32
    private let queue = DispatchQueue(label: "test.postgres")

    init(folder: String, shape: ServerShape) throws {
        self.folder = folder
        // Closed on exec, so that no other child of this process keeps the supervisor alive.
        let toChild = try Self.pipe()
        let fromChild = try Self.pipe()
        defer {
            close(toChild.read)
            close(fromChild.write)
        }
        input = toChild.write
        output = fromChild.read
        let ballast = shape.disk.map { "\($0.ballast)" } ?? ""
        let words = ["sh", "-c", Supervisor.outer, "sh", Supervisor.inner, folder, shape.settingsText, ballast]
        processID = try Self.spawn(shape.wrapping(words, folder: folder), toChild.read, fromChild.write)
    }

    deinit {
        close(input)
        close(output)
    }

    func send(_ word: String) throws {
        let line = Array((word + "\n").utf8)
        guard write(input, line, line.count) == line.count else {
            throw PostgresServer.Failure(message: "the server's supervisor is gone")
        }
    }

    /// The next line, `nil` at the end. Waits on a thread of its own.
    func answer() async -> String? {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.readLine()) }
        }
    }

    private func readLine() -> String? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while true {
            let count = read(output, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else { return nil }
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0, ends.allSatisfy({ fcntl($0, F_SETFD, FD_CLOEXEC) == 0 }) else {
            throw PostgresServer.Failure(message: "no pipe: errno \(errno)")
        }
        return (ends[0], ends[1])
    }

    /// `POSIX_SPAWN_SETSID`, which the C library shows only to GNU programs.
    private static let newSession: Int16 = 0x80

    /// Starts a program in a session of its own, where a Ctrl-C meant for the tests does not reach it.
    private static func spawn(_ words: [String], _ input: Int32, _ output: Int32) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawnattr_setflags(&attributes, Self.newSession)
        let arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, words[0], &actions, &attributes, arguments, environ)
        guard code == 0 else { throw PostgresServer.Failure(message: "no supervisor: errno \(code)") }
        return child
    }
}
