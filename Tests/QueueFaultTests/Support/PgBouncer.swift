import FoundationEssentials
import Glibc

/// A PgBouncer in transaction mode in front of a test's database, reachable by a UNIX socket in a folder of its own.
enum PgBouncer {
    /// Runs `body` with the way through the pooler, which has no more than `sessions` with the server.
    static func with(
        before ground: Ground, sessions: Int, _ body: (_ conninfo: String) async throws -> Void
    ) async throws {
        // Short, because a socket's path has at most 107 characters.
        let folder = "/tmp/muster-pooler-\(getpid())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        // What cannot be removed is left in the folder for such things.
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = folder + "/pgbouncer.ini"
        try Data(settings(ground, folder, sessions).utf8).write(to: URL(filePath: file))

        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        let pooler = try await Child(
            "pgbouncer", unprivileged + ["pgbouncer", file], hear: { continuation.yield($0) },
            lose: { continuation.finish() }
        )
        var words: [String] = []
        for await line in lines {
            words.append(line)
            if line.contains("process up") { break }
        }
        guard words.last?.contains("process up") == true else {
            throw Trouble("PgBouncer did not come up; is it installed? \(words.joined(separator: "\n"))")
        }
        try await body("host=\(folder) port=6432 user=postgres dbname=pooled")
        await pooler.kill()
    }

    private static func settings(_ ground: Ground, _ folder: String, _ sessions: Int) -> String {
        """
        [databases]
        pooled = \(ground.conninfo)
        [pgbouncer]
        unix_socket_dir = \(folder)
        listen_port = 6432
        auth_type = any
        pool_mode = transaction
        default_pool_size = \(sessions)

        """
    }

    /// It refuses to run as root, as PostgreSQL does.
    private static var unprivileged: [String] { geteuid() == 0 ? ["unshare", "--user", "--map-user=1000"] : [] }
}
