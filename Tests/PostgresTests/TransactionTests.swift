import Synchronization
import TestSupport
import Testing

@testable import Postgres

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct TransactionTests {
    struct Unhappy: Error {}

    let pool = FreshDatabase.current.pool

    @Test("what a transaction did is there when its body returns")
    func commit() async throws {
        try await pool.execute("CREATE TABLE tally (n int)")
        let returned = try await pool.transaction { session in
            try session.execute("INSERT INTO tally VALUES (1), (2)")
        }
        #expect(returned == 2)
        #expect(try await count() == 2)
    }

    @Test("what a transaction did is gone when its body throws, and the error comes out unchanged")
    func rollback() async throws {
        try await pool.execute("CREATE TABLE tally (n int)")
        await #expect(throws: Unhappy.self) {
            try await pool.transaction { session in
                try session.execute("INSERT INTO tally VALUES (1)")
                throw Unhappy()
            }
        }
        #expect(try await count() == 0)
    }

    @Test("a body that swallows the server's error does not commit")
    func swallowed() async throws {
        try await pool.execute("CREATE TABLE tally (n int PRIMARY KEY)")
        let error = await #expect(throws: PostgresError.self) {
            try await pool.transaction { session in
                try session.execute("INSERT INTO tally VALUES (1)")
                do {
                    try session.execute("INSERT INTO tally VALUES (1)")
                } catch {
                    // What a careless body does.
                }
            }
        }
        #expect(error?.kind == .unique)
        #expect(try await count() == 0)
    }

    @Test("a deferred constraint that fails at commit is thrown, and not tried again")
    func deferred() async throws {
        try await pool.execute("CREATE TABLE tally (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        let runs = Mutex(0)
        let error = await #expect(throws: PostgresError.self) {
            try await pool.transaction { session in
                runs.withLock { $0 += 1 }
                try session.execute("INSERT INTO tally VALUES (1), (1)")
            }
        }
        #expect(error?.kind == .unique)
        #expect(runs.withLock(\.self) == 1)
    }

    @Test("a transaction inside a transaction, or one that ends itself, is refused")
    func misuse() async throws {
        let nested = await #expect(throws: PostgresError.self) {
            try await pool.transaction { session in try session.transaction { _ in } }
        }
        #expect(nested?.kind == .usage)
        let opening = await #expect(throws: PostgresError.self) {
            try await pool.transaction { session in _ = try session.transaction(opening: []) { _, _ in ((), []) } }
        }
        #expect(opening?.kind == .usage)
        let ended = await #expect(throws: PostgresError.self) {
            try await pool.transaction { session in try session.script(unchecked: "COMMIT") }
        }
        #expect(ended?.kind == .usage)
    }

    @Test("a transaction of two round trips is told its answers, and commits with the second")
    func opensAndCloses() async throws {
        try await pool.execute("CREATE TABLE tally (n int)")
        for round in 1...3 {
            let (before, answers) = try await pool.withSession { session in
                try await session.transaction(opening: ["INSERT INTO tally VALUES (1)", "SELECT count(*) FROM tally"]) {
                    session, answers in
                    let (isInside, count) = (session.isInTransaction, try answers[1][0].decode(0, as: Int.self))
                    #expect(isInside)
                    return (count, ["SELECT \(count) + 1", "INSERT INTO tally VALUES (2)"])
                }
            }
            #expect(before == 2 * round - 1)
            #expect(try answers[0][0].decode(0, as: Int.self) == before + 1)
            #expect(answers.count == 2 && answers[1].affected == 1)
            #expect(try await count() == 2 * round)
        }
    }

    @Test("a transaction of two round trips leaves nothing where anything in it is refused", arguments: 0..<4)
    func opensAndFails(place: Int) async throws {
        try await pool.execute("CREATE TABLE tally (n int UNIQUE DEFERRABLE INITIALLY DEFERRED CHECK (n < 9))")
        try await pool.withSession { session in
            await #expect(throws: (any Error).self) {
                try await session.transaction(opening: ["INSERT INTO tally VALUES (\(place == 0 ? 9 : 1))"]) { _, _ in
                    if place == 1 { throw Unhappy() }
                    return ((), ["INSERT INTO tally VALUES (\(place == 2 ? 9 : 1))"])
                }
            }
            let left = try await session.rows("SELECT FROM tally")
            #expect(await !session.isInTransaction && left.isEmpty)
        }
    }

    @Test("writers that collide are run again until all have written")
    func serialization() async throws {
        try await pool.execute("CREATE TABLE tally (n int)")
        try await pool.execute("INSERT INTO tally VALUES (0)")
        try await withThrowingTaskGroup { group in
            for _ in 1...6 {
                group.addTask {
                    try await pool.transaction(isolation: .serializable, attempts: 50) { session in
                        let row = try #require(try session.rows("SELECT n FROM tally").first)
                        try session.execute("UPDATE tally SET n = \(try row.decode("n", as: Int.self) + 1)")
                    }
                }
            }
            try await group.waitForAll()
        }
        let row = try #require(try await pool.rows("SELECT n FROM tally").first)
        #expect(try row.decode("n") == 6)
    }

    @Test("the server's error decides on another try, even when the body wraps it")
    func wrapped() async throws {
        let runs = Mutex(0)
        try await pool.transaction { session in
            guard
                runs.withLock({
                    $0 += 1
                    return $0
                }) < 3
            else { return }
            do {
                try session.execute("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")
            } catch {
                throw Unhappy()
            }
        }
        #expect(runs.withLock(\.self) == 3)
    }

    @Test(
        "tries are bounded, and errors that cannot pass are not tried again", arguments: [("40P01", 4), ("23505", 1)])
    func bounded(sqlState: String, expected: Int) async throws {
        let runs = Mutex(0)
        await #expect(throws: PostgresError.self) {
            try await pool.transaction(attempts: 4) { session in
                runs.withLock { $0 += 1 }
                try session.script(unchecked: "DO $$ BEGIN RAISE SQLSTATE '\(sqlState)'; END $$")
            }
        }
        #expect(runs.withLock(\.self) == expected)
    }

    @Test("a backend killed in mid-transaction costs a try, not the transaction")
    func killed() async throws {
        try await pool.execute("CREATE TABLE tally (n int)")
        let runs = Mutex(0)
        try await pool.transaction { session in
            try session.execute("INSERT INTO tally VALUES (1)")
            guard
                runs.withLock({
                    $0 += 1
                    return $0
                }) == 1
            else { return }
            try session.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        }
        #expect(runs.withLock(\.self) == 2)
        #expect(try await count() == 1)
    }

    private func count() async throws -> Int {
        try #require(try await pool.rows("SELECT count(*) FROM tally").first).decode(0)
    }
}
