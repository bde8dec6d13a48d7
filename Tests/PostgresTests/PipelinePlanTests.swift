import Postgres
import TestSupport
import Testing

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct PipelinePlanTests {
    private func prepared(_ session: Session) async throws -> Int {
        try await session.rows("SELECT count(*) FROM pg_prepared_statements").first?.decode(0, as: Int.self) ?? 0
    }

    @Test("what a pipeline sends again is prepared, each statement once")
    func prepares() async throws {
        let session = try await Session.connect(FreshDatabase.current.configuration)
        for round in 1...4 {
            let answers = try await session.pipeline(["SELECT \(round) + 1", "SELECT \("x") || 'y'"])
            #expect(try answers[0].first?.decode(0, as: Int.self) == round + 1)
            #expect(try answers[1].first?.decode(0, as: String.self) == "xy")
        }
        #expect(try await prepared(session) == 2)
        await session.close()
    }

    @Test("a pipeline goes on after its plans were discarded or the schema has changed")
    func stalePlans() async throws {
        let session = try await Session.connect(FreshDatabase.current.configuration)
        try await session.execute("CREATE TABLE thing (a int)")
        let look: @Sendable () async throws -> [Int] = {
            try await session.pipeline(["INSERT INTO thing VALUES (1)", "SELECT * FROM thing"]).map(\.columns.count)
        }
        for _ in 1...3 { #expect(try await look() == [0, 1]) }
        try await session.script(unchecked: "DISCARD ALL")
        #expect(try await look() == [0, 1])
        for _ in 1...3 { #expect(try await look() == [0, 1]) }
        try await session.execute("ALTER TABLE thing ADD COLUMN b int")
        #expect(try await look() == [0, 2])
        #expect(try await session.rows("SELECT count(*) FROM thing").first?.decode(0, as: Int.self) == 8)
        await session.close()
    }

    @Test("a transaction of two round trips goes on after its plans were discarded or the schema has changed")
    func staleTransaction() async throws {
        let session = try await Session.connect(FreshDatabase.current.configuration)
        try await session.execute("CREATE TABLE thing (a int)")
        let look: @Sendable () async throws -> [Int] = {
            let (before, answers) = try await session.transaction(opening: ["SELECT * FROM thing"]) { _, answers in
                (answers[0].columns.count, ["INSERT INTO thing VALUES (1)", "TABLE thing"])
            }
            return [before, answers[1].columns.count]
        }
        for _ in 1...3 { #expect(try await look() == [1, 1]) }
        try await session.script(unchecked: "DISCARD ALL")
        #expect(try await look() == [1, 1])
        for _ in 1...3 { #expect(try await look() == [1, 1]) }
        try await session.execute("ALTER TABLE thing ADD COLUMN b int")
        #expect(try await look() == [2, 2])
        #expect(try await session.rows("TABLE thing").count == 8)
        await session.close()
    }

    @Test("a refusal in a pipeline leaves the plans that were known, and those it may have lost are made anew")
    func refusals() async throws {
        let session = try await Session.connect(FreshDatabase.current.configuration)
        try await session.execute("CREATE TABLE thing (a int PRIMARY KEY)")
        for key in 1...3 { _ = try await session.pipeline(["INSERT INTO thing VALUES (\(key))", "SELECT \(key)"]) }
        for _ in 1...3 {
            await #expect(throws: PostgresError.self) {
                try await session.pipeline(["INSERT INTO thing VALUES (\(1))", "SELECT \("after") || \("it")"])
            }
        }
        let answers = try await session.pipeline(["INSERT INTO thing VALUES (\(9))", "SELECT \("after") || \("it")"])
        #expect(try answers[1].first?.decode(0, as: String.self) == "afterit")
        await session.close()
    }
}
