import FoundationEssentials
import Postgres
import Subprocess
import TestSupport
import Testing

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct QueueExampleTests {
    @Test("a program that sees only what is public migrates, enqueues, works, and stops by itself; twice")
    func runs() async throws {
        for _ in 1...2 {
            let lines = try await Self.lines()
            #expect(lines.prefix(4).sorted() == ["Hello, Ada", "Hello, Edsger", "Hello, Grace", "Hello, everybody"])
            #expect(lines.prefix(4).last == "Hello, everybody", "after the others")
            let attempts = lines.dropFirst(4).map { String($0.last ?? " ") }
            #expect(attempts == ["1", "2", "1", "1"])
            #expect(lines.dropFirst(4).allSatisfy { $0.hasPrefix("greet is done after ") })
        }
    }

    @Test("called without a database, or with one that is not there, it says so and ends: no crash")
    func complains() async throws {
        let usage = try await Self.ran([])
        #expect(usage.status == .exited(1) && usage.output.hasPrefix("usage: queue-example"))
        let absent = try await Self.ran(["host=/nonexistent dbname=x", Self.migrations])
        #expect(absent.status == .exited(1), "\(absent.error)")
        #expect(absent.output.hasPrefix("connection: "))
    }

    private static var migrations: String {
        #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/Migrations"
    }

    /// What the example prints on this test's database.
    private static func lines() async throws -> [String] {
        let database = try #require(FreshDatabase.current.configuration.database)
        let conninfo = try await PostgresServer.shared().conninfo + " dbname=\(database)"
        let result = try await ran([conninfo, migrations])
        #expect(result.status.isSuccess, "\(result.error)")
        return result.output.split(separator: "\n").map(String.init)
    }

    /// Runs the example, which lies beside the tests. Should this process die, the kernel ends the example.
    private static func ran(
        _ arguments: [String]
    ) async throws -> (status: TerminationStatus, output: String, error: String) {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = tests.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/queue-example"
        let result = try await run(
            .name("setpriv"), arguments: Arguments(["--pdeathsig", "KILL", "--", program] + arguments),
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20)
        )
        return (result.terminationStatus, result.standardOutput, result.standardError)
    }
}
