import AsyncHTTPClient
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import Postgres
import TestSupport

/// The whole of Muster for one story: a PostgreSQL of its own, the centre, one agent for all of the fleet's sites or two, and
/// the command line. Everything runs as on a real machine, as processes that a story may kill.
struct Stack: Sendable {
    /// How the stack of a story differs from the usual one.
    struct Shape {
        /// 0: one `musterd all`. Otherwise a `musterd serve` and so many `musterd work`.
        var workers = 0
        /// The socket of a container runtime; `nil` simulates instances.
        var containerd: String?
        /// How long a simulated start and stop take.
        var startDelay = "0s"
        var stopDelay = "0s"
        /// A site with an agent of its own; `nil`: one agent serves them all.
        var remoteSite: String?
    }

    enum Role: String, CaseIterable {
        case tenant, `operator`, agent
    }

    let folder: String
    let database: PostgresServer
    let centre: Program
    let workers: [Program]
    let agent: Program
    /// The agent of the site that has one of its own.
    let remoteAgent: Program?

    /// Runs a story with a stack, ends every process and removes every file of it.
    static func with(_ shape: Shape = Shape(), _ story: (Stack) async throws -> Void) async throws {
        let stack = try await Stack(shape)
        do {
            try await stack.start(shape)
            try await story(stack)
        } catch {
            await stack.end()
            let words = stack.programs.map(\.lastWords).joined(separator: "\n")
            throw Complaint("\(error)\n\(words)")
        }
        await stack.end()
    }

    private var programs: [Program] { [agent, remoteAgent].compactMap(\.self) + workers + [centre] }

    private init(_ shape: Shape) async throws {
        let folder = try Self.temporaryFolder()
        let database = try await PostgresServer.start()
        let musterd = try Command.path(of: "musterd")
        let conninfo = Self.conninfo(database)
        let listenFile = folder + "/listen"
        self.folder = folder
        self.database = database
        centre = Program("musterd") {
            // The first time any free port, after a crash the one that clients know.
            let address = Self.text(listenFile) ?? "127.0.0.1:0"
            let role = shape.workers == 0 ? "all" : "serve"
            return [musterd, role, "--database", conninfo, "--listen", address, "--listen-file", listenFile]
        }
        workers = (0..<shape.workers).map { number in
            Program("worker \(number)") { [musterd, "work", "--database", conninfo] }
        }
        let others = try shape.remoteSite.map { remote in try Self.siteNames.filter { $0 != remote } }
        agent = try Self.agent("agent", of: others, in: folder, shape)
        remoteAgent = try shape.remoteSite.map { try Self.agent("remote", of: [$0], in: folder, shape) }
    }

    /// An agent that serves these sites, or all.
    private static func agent(
        _ name: String, of sites: [String]?, in folder: String, _ shape: Shape
    ) throws -> Program {
        let musterAgent = try Command.path(of: "muster-agent")
        return Program("muster-\(name)") {
            guard let address = Self.text(folder + "/listen") else { throw Complaint("the centre has never answered") }
            var words = [
                musterAgent, "--server", "http://" + address, "--key-file", folder + "/agent.key",
                "--state", folder + "/" + name, "--name", "story-\(name)",
            ]
            if let sites { words += ["--sites", sites.joined(separator: ",")] }
            if let socket = shape.containerd {
                words += ["--engine", "cri", "--containerd", socket]
            } else {
                words += ["--engine", "simulated", "--simulated-start-delay", shape.startDelay]
                words += ["--simulated-stop-delay", shape.stopDelay]
            }
            return words
        }
    }

    private func start(_ shape: Shape) async throws {
        try await rows("CREATE DATABASE muster", in: "postgres")
        if shape.workers > 0 { try await musterd("migrate") }
        try await startCentre()
        for role in Role.allCases {
            let key = try await musterd("key", "create", "--role", role.rawValue, "--tenant", "newcomer")
            try Data(key.utf8).write(to: URL(filePath: keyFile(of: role)))
        }
        for worker in workers { try await worker.start() }
        try await succeed("fleet", "import", Self.fleet, as: .operator)
        for agent in [agent, remoteAgent].compactMap(\.self) {
            try await agent.start()
            try await agent.line { $0.contains("sites joined") }
        }
    }

    /// Starts the centre, for the first time or again, and returns when it answers.
    func startCentre() async throws {
        try await centre.start()
        try await eventually("the centre answers") {
            let request = HTTPClientRequest(url: try url + "/readyz")
            let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
            return answer.status.code == 200 ? () : nil
        }
    }

    private func end() async {
        for program in programs { await program.kill() }
        // Whatever cannot be removed lies in the system's folder for what may be lost.
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static func temporaryFolder() throws -> String {
        var template = Array("/tmp/muster-story-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Complaint("no folder in /tmp: errno \(errno)") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The fleet of the main job.
    private static let fleet =
        #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
        + "/Fixtures/provinces.csv"

    /// The sites of that fleet.
    private static var siteNames: [String] {
        get throws {
            guard let data = FileManager.default.contents(atPath: fleet) else { throw Complaint("\(fleet) is missing") }
            let lines = String(decoding: data, as: UTF8.self).split(separator: "\n").dropFirst()
            return Set(lines.compactMap { $0.split(separator: ",").first.map(String.init) }).sorted()
        }
    }
}
