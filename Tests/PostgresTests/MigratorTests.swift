import FoundationEssentials
import TestSupport
import Testing

@testable import Postgres

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct MigratorTests {
    @Test("files are applied once, in order, and remembered")
    func applies() async throws {
        let session = try await connect()
        let migrator = try Migrator(files: try files(["CREATE TABLE a (n int)", "ALTER TABLE a ADD COLUMN m int"]))
        #expect(try await migrator.status(session) == .init(applied: [], pending: ["0001_step", "0002_step"]))
        #expect(try await migrator.migrate(session) == ["0001_step", "0002_step"])
        #expect(try await migrator.migrate(session) == [])
        #expect(try await migrator.status(session) == .init(applied: ["0001_step", "0002_step"], pending: []))
        #expect(try await session.rows("SELECT n, m FROM a").isEmpty)
    }

    @Test("a file edited after it was applied is refused")
    func changed() async throws {
        let session = try await connect()
        try await Migrator(files: try files(["CREATE TABLE a (n int)"])).migrate(session)
        let edited = try Migrator(files: try files(["CREATE TABLE a (n bigint)", "SELECT 1"]))
        await #expect(throws: MigrationError.changed("0001_step")) { try await edited.migrate(session) }
        await #expect(throws: MigrationError.changed("0001_step")) { try await edited.status(session) }
    }

    @Test("a database that has had more than there are files is refused")
    func missing() async throws {
        let session = try await connect()
        let all = try files(["CREATE TABLE a (n int)", "CREATE TABLE b (n int)"])
        try await Migrator(files: all).migrate(session)
        await #expect(throws: MigrationError.missing("0002_step")) {
            try await Migrator(files: [all[0]]).migrate(session)
        }
    }

    @Test("a gap, a twin and a wrong name are refused before the database is touched")
    func numbering() throws {
        #expect(throws: MigrationError.gap(2)) {
            try Migrator(files: [try file("0001_a.sql"), try file("0003_c.sql")])
        }
        #expect(throws: MigrationError.gap(1)) { try Migrator(files: [try file("0002_b.sql")]) }
        #expect(throws: MigrationError.twin("0001_a", "0001_b")) {
            try Migrator(files: [try file("0001_b.sql"), try file("0001_a.sql")])
        }
        for name in ["1_a.sql", "0001.sql", "0001_.sql", "abcd_a.sql", "0001_a.txt", "+001_a.sql"] {
            #expect(Migration(file: name, sql: "") == nil)
        }
    }

    @Test("nothing remains of a file that fails, and the files before it stay")
    func fails() async throws {
        let session = try await connect()
        let broken = try Migrator(files: try files(["CREATE TABLE a (n int)", "CREATE TABLE b (n int); SELEC"]))
        let error = await #expect(throws: MigrationError.self) { try await broken.migrate(session) }
        guard case .failed("0002_step", let cause) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(cause.sqlState == "42601")
        let row = try #require(try await session.rows("SELECT to_regclass('a') AS a, to_regclass('b') AS b").first)
        #expect(try row.decode("a") == "a")
        #expect(try row.decode("b", as: String?.self) == nil)
    }

    @Test("a file that ends its own transaction is refused")
    func ends() async throws {
        let session = try await connect()
        let greedy = try Migrator(files: try files(["CREATE TABLE a (n int); COMMIT"]))
        await #expect(throws: MigrationError.endedTransaction("0001_step")) { try await greedy.migrate(session) }
    }

    @Test("many that migrate at once apply each file once")
    func together() async throws {
        let all = try files((0..<5).map { "CREATE TABLE t\($0) (n int)" })
        let applied = try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 1...4 {
                group.addTask { try await Migrator(files: all).migrate(try await connect()) }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(applied.sorted() == all.map(\.name))
    }

    @Test("a folder is read in order, and its other files left alone")
    func folder() async throws {
        let folder = try folder(of: ["0002_b.sql", "0001_a.sql", "README.md"])
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        #expect(try Migrator(directory: folder.path).files.map(\.name) == ["0001_a", "0002_b"])
        try Data("SELECT 3".utf8).write(to: folder.appendingPathComponent("three.sql"))
        #expect(throws: MigrationError.badName("three.sql")) { try Migrator(directory: folder.path) }
        #expect(throws: MigrationError.unreadable("/nonexistent")) { try Migrator(directory: "/nonexistent") }
    }

    @Test("a folder without files of the schema is refused: it is another one than was meant")
    func empty() throws {
        let folder = try folder(of: ["0001_fleet.sql"])
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        #expect(throws: MigrationError.empty(folder.path)) { try Migrator(directory: folder.path, subject: "queue") }
        try FileManager.default.removeItem(at: folder.appendingPathComponent("0001_fleet.sql"))
        #expect(throws: MigrationError.empty(folder.path)) { try Migrator(directory: folder.path) }
    }

    @Test("what is wrong with files or a database is told in a sentence")
    func told() {
        #expect("\(MigrationError.unreadable("/nonexistent"))" == "/nonexistent cannot be read")
        #expect("\(MigrationError.empty("/tmp"))" == "/tmp holds no file of the schema, such as 0001_queue.sql")
        #expect("\(MigrationError.gap(2))" == "the numbers must run 1, 2, 3, …, and no file has 2")
        #expect("\(MigrationError.changed("0001_a"))" == "0001_a was edited after this database had had it")
        let missing = "\(MigrationError.missing("0002_b"))"
        #expect(missing.hasPrefix("this database has had 0002_b, which is not among the files"))
    }

    @Test("one subject's files are a schema of their own, whose numbers grow; twins are refused all the same")
    func subject() async throws {
        let folder = try folder(of: ["0001_queue.sql", "0002_fleet.sql", "0003_queues.sql", "0005_queue_lanes.sql"])
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        let migrator = try Migrator(directory: folder.path, subject: "queue")
        #expect(migrator.files.map(\.name) == ["0001_queue", "0005_queue_lanes"])

        let session = try await connect()
        #expect(try await migrator.migrate(session) == ["0001_queue", "0005_queue_lanes"])
        #expect(try await migrator.migrate(session) == [])
        let twin = folder.appendingPathComponent("0005_queue_twin.sql")
        try Data("SELECT 5".utf8).write(to: twin)
        #expect(throws: MigrationError.twin("0005_queue_lanes", "0005_queue_twin")) {
            try Migrator(directory: folder.path, subject: "queue")
        }
    }

    @Test("a database that has had other subjects' files is refused to a migrator of one")
    func otherSubjects() async throws {
        let session = try await connect()
        try await Migrator(files: [try file("0001_queue.sql"), try file("0002_fleet.sql")]).migrate(session)
        let folder = try folder(of: ["0001_queue.sql", "0003_queue_lanes.sql"])
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        await #expect(throws: MigrationError.missing("0002_fleet")) {
            try await Migrator(directory: folder.path, subject: "queue").migrate(session)
        }
    }

    /// A new folder with files of these names.
    private func folder(of names: [String]) throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("migrations-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in names { try Data("SELECT 1".utf8).write(to: folder.appendingPathComponent(name)) }
        return folder
    }

    private func connect() async throws -> Session {
        try await Session.connect(FreshDatabase.current.configuration)
    }

    private func file(_ name: String) throws -> Migration {
        try #require(Migration(file: name, sql: "SELECT 1"))
    }

    private func files(_ texts: [String]) throws -> [Migration] {
        try texts.enumerated().map { index, text in
            try #require(Migration(file: "000\(index + 1)_step.sql", sql: text))
        }
    }
}
