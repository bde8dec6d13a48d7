import Glibc
package import Postgres
import Synchronization
package import Testing

/// A database that one test has for itself, and a pool of sessions with it.
package struct FreshDatabase: Sendable {
    @TaskLocal fileprivate static var running: FreshDatabase?

    /// The database of the test that runs; only inside `@Suite(.freshDatabase)` or `@Test(.freshDatabase)`.
    package static var current: FreshDatabase {
        guard let running else {
            preconditionFailure("FreshDatabase.current needs the trait .freshDatabase on its suite or test")
        }
        return running
    }

    package let configuration: Configuration
    package let pool: Pool
}

extension FreshDatabase {
    private static let counter = Atomic<Int>(0)

    /// Runs `body` with a database that is dropped afterwards.
    ///
    /// A test keeps its administrator's session from beginning to end, so no more of them run at once than there are
    /// such sessions, and each drops its database before the next makes one.
    fileprivate static func with(migrated: Bool, _ body: @Sendable () async throws -> Void) async throws {
        let server = try await PostgresServer.shared()
        let template = migrated ? try await Template.migrated.value : "template0"
        let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
        let name = "muster_test_\(getpid())_\(number)"
        let database = FreshDatabase(server.configuration(database: name))
        try await Template.administrators.value.withSession { administrator in
            try await administrator.execute("CREATE DATABASE \(identifier: name) TEMPLATE \(identifier: template)")
            let outcome: Result<Void, any Error>
            do {
                outcome = .success(try await $running.withValue(database) { try await body() })
            } catch {
                outcome = .failure(error)
            }
            await database.pool.shutdown()
            // FORCE, because a test may have left sessions of its own.
            try await administrator.execute("DROP DATABASE \(identifier: name) WITH (FORCE)")
            try outcome.get()
        }
    }

    private init(_ configuration: Configuration) {
        self.configuration = configuration
        pool = Pool(configuration, size: 8)
    }
}

/// Gives each test of a suite, each argument of a test, a database of its own.
package struct FreshDatabaseTrait: SuiteTrait, TestTrait, TestScoping {
    let migrated: Bool

    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        try await FreshDatabase.with(migrated: migrated, function)
    }
}

extension Trait where Self == FreshDatabaseTrait {
    /// A clone of a database migrated from the repository's `Migrations`.
    package static var freshDatabase: Self { Self(migrated: true) }

    /// A database with nothing in it.
    package static var emptyDatabase: Self { Self(migrated: false) }
}
