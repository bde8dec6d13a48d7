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

    /// What the example prints, which lies beside the tests. Should this process die, the kernel ends the example.
    private static func lines() async throws -> [String] {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = tests.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/queue-example"
        let repository = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
        let database = try #require(FreshDatabase.current.configuration.database)
        let conninfo = try await PostgresServer.shared().conninfo + " dbname=\(database)"
        let result = try await run(
            .name("setpriv"),
            arguments: ["--pdeathsig", "KILL", "--", program, conninfo, repository + "/Migrations"],
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20)
        )
        #expect(result.terminationStatus.isSuccess, "\(result.standardError)")
        return result.standardOutput.split(separator: "\n").map(String.init)
    }
}
