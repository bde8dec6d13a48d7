import CapacityAPI
import FoundationEssentials
import Postgres
import TestSupport
import Testing

/// What a person does with a stack: commands, and psql.
extension Stack {
    /// What scripts and people are told to connect to.
    static func conninfo(_ database: PostgresServer) -> String { database.conninfo + " dbname=muster" }

    /// What a file holds, without the line's end; `nil` where there is none.
    static func text(_ file: String) -> String? {
        guard let data = FileManager.default.contents(atPath: file) else { return nil }
        return String(decoding: data, as: UTF8.self).split(separator: "\n").first.map(String.init)
    }

    var url: String {
        get throws {
            guard let address = Self.text(folder + "/listen") else { throw Complaint("the centre has never answered") }
            return "http://" + address
        }
    }

    func keyFile(of role: Role) -> String { "\(folder)/\(role.rawValue).key" }

    func key(of role: Role) throws -> String {
        guard let key = Self.text(keyFile(of: role)) else { throw Complaint("there is no \(role) key yet") }
        return key
    }

    /// The environment of somebody with that role's key.
    private func environment(of role: Role) throws -> [String: String] {
        ["MUSTER_URL": try url, "MUSTER_KEY": try key(of: role), "MUSTER_DATABASE": Self.conninfo(database)]
    }

    /// The command line, however it ends. `changing` alters the environment.
    func muster(
        _ words: String..., as role: Role = .tenant, changing: [String: String] = [:]
    ) async throws -> Command.Outcome {
        let environment = try environment(of: role).merging(changing) { $1 }
        return try await Command(words: [Command.path(of: "muster")] + words, environment: environment).run()
    }

    /// The command line, which must end with 0; what it printed.
    @discardableResult
    func succeed(_ words: String..., as role: Role = .tenant) async throws -> String {
        let command = Command(words: [try Command.path(of: "muster")] + words, environment: try environment(of: role))
        return try Self.output(of: words, try await command.run())
    }

    /// `musterd` where it does something and ends.
    @discardableResult
    func musterd(_ words: String...) async throws -> String {
        let words = words + ["--database", Self.conninfo(database)]
        return try Self.output(of: words, try await Command(words: [Command.path(of: "musterd")] + words).run())
    }

    private static func output(of words: [String], _ outcome: Command.Outcome) throws -> String {
        guard outcome.status == 0 else {
            let status = outcome.status.map { "status \($0)" } ?? "a signal"
            throw Complaint("'\(words.joined(separator: " "))' ended with \(status): \(outcome.complaint)")
        }
        return outcome.output
    }

    /// Orders, and returns the order as it was acknowledged.
    func order(_ order: OrderText) async throws -> OrderView {
        let file = try order.write(to: folder)
        let answer = try await succeed("order", "create", "-f", file, "-o", "json")
        return try JSONDecoder().decode(OrderView.self, from: Data(answer.utf8))
    }

    func instances(of order: OrderView) async throws -> [InstanceView] {
        let answer = try await succeed("instances", order.id, "-o", "json")
        return try JSONDecoder().decode(Page<InstanceView>.self, from: Data(answer.utf8)).items
    }

    /// `muster order watch` in a pipe.
    func watch(_ order: OrderView, until goal: String) async throws -> Program {
        let (muster, environment) = (try Command.path(of: "muster"), try environment(of: .tenant))
        let watch = Program("watch \(order.id)", environment: environment) {
            [muster, "order", "watch", order.id, "--until", goal]
        }
        try await watch.start()
        return watch
    }

    /// Watches until the goal is reached; every kill in the meantime is the watch's to survive.
    func follow(_ order: OrderView, until goal: String) async throws {
        let watch = try await watch(order, until: goal)
        try await watch.succeed()
    }

    /// One statement with a session of its own: the last one's server may have been killed.
    @discardableResult
    func rows(_ statement: Statement, in database: String = "muster") async throws -> Rows {
        let session = try await Session.connect(self.database.configuration(database: database))
        let rows = try await session.rows(statement)
        await session.close()
        return rows
    }

    /// Whether a statement of one truth value holds.
    func holds(_ statement: Statement) async throws -> Bool {
        try await rows(statement).first?.decode(0, as: Bool?.self) ?? false
    }
}

extension Program {
    /// Waits for it to end by itself, well.
    func succeed() async throws {
        let status = try await end()
        let how = status.map { "status \($0)" } ?? "a signal"
        guard status == 0 else { throw Complaint("\(name) ended with \(how); \(lastWords)") }
    }
}
