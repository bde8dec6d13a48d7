import Dispatch
import FoundationEssentials
package import Glibc
package import Postgres

/// A throw-away PostgreSQL cluster: without fsync, reachable only by a UNIX socket in a private folder, gone when this
/// process ends in whatever way.
///
/// Tests share one, `shared()`. A test that crashes its server starts its own.
package final class PostgresServer: Sendable {
    package struct Failure: Error {
        package var message: String
    }

    /// The connection string, without a database.
    package let conninfo: String
    /// The same over TCP, for those inside the network that a server has for itself.
    package let networkConninfo = "host=127.0.0.1 port=5432 user=postgres dbname=postgres"
    /// Where a server started here keeps its files and its socket.
    package var folder: String? { control?.folder }
    /// A process in whose namespaces a server started here lives, for those who want to enter them.
    package var processID: pid_t? { control?.processID }

    private let control: Control?

    private static let sharedServer = Task { try await PostgresServer.startShared() }

    /// The server all tests of this process share. `MUSTER_TEST_POSTGRES` may name a running cluster to use instead:
    /// a throw-away one, for databases are made and dropped in it, as a superuser.
    package static func shared() async throws -> PostgresServer {
        try await sharedServer.value
    }

    private static func startShared() async throws -> PostgresServer {
        if let conninfo = ProcessInfo.processInfo.environment["MUSTER_TEST_POSTGRES"], !conninfo.isEmpty {
            return PostgresServer(conninfo: conninfo, control: nil)
        }
        return try await start()
    }

    /// Makes and starts a cluster of one's own.
    package static func start(_ shape: ServerShape = ServerShape()) async throws -> PostgresServer {
        let folder = try temporaryFolder()
        let control = try Control(folder: folder, shape: shape)
        let server = PostgresServer(conninfo: "host=\(folder) port=5432 user=postgres", control: control)
        try await server.expectOK()
        return server
    }

    private init(conninfo: String, control: Control?) {
        self.conninfo = conninfo
        self.control = control
    }

    package func configuration(database: String = "postgres") -> Configuration {
        Configuration(conninfo: conninfo, database: database, applicationName: "test")
    }

    /// kill -9 of every process of the server.
    package func crash() async throws { try await command("crash") }

    /// Starts the server again after `crash` or `stop`.
    package func start() async throws { try await command("start") }

    /// An orderly stop, ending every session.
    package func stop() async throws { try await command("stop") }

    /// Removes the ballast from the server's disk, and starts a server that has ended because the disk was full.
    package func dropBallast() async throws { try await command("drop_ballast") }

    private func command(_ word: String) async throws {
        try control?.send(word)
        try await expectOK()
    }

    private func expectOK() async throws {
        guard let control else { throw Failure(message: "this server was not started here") }
        let answer = await control.answer()
        guard answer == "ok" else { throw Failure(message: answer ?? "the server's supervisor is gone") }
    }

    private static func temporaryFolder() throws -> String {
        // Short, because a socket's path has at most 107 characters.
        var template = Array("/tmp/muster-pg-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(message: "no folder in /tmp: errno \(errno)") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
