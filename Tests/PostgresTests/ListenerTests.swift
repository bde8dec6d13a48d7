import Synchronization
import TestSupport
import Testing

@testable import Postgres

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct ListenerTests {
    private let pool = FreshDatabase.current.pool

    @Test("what is notified is heard, on odd channels too")
    func hears() async throws {
        try await listening(to: ["orders", "Odd \"name\""]) { listener in
            var events = listener.events.makeAsyncIterator()
            #expect(await events.next() == .reconnected)
            try await pool.execute("SELECT pg_notify('orders', 'a'), pg_notify('elsewhere', 'b')")
            #expect(await events.next() == .notification(channel: "orders", payload: "a"))
            try await pool.execute("SELECT pg_notify('Odd \"name\"', 'c')")
            #expect(await events.next() == .notification(channel: "Odd \"name\"", payload: "c"))
        }
    }

    @Test("a killed connection is made anew and listens again, saying so")
    func reconnects() async throws {
        let failures = Mutex<[PostgresError]>([])
        let onFailure: @Sendable (PostgresError) -> Void = { error in failures.withLock { $0.append(error) } }
        try await listening(to: ["orders"], onFailure) { listener in
            var events = listener.events.makeAsyncIterator()
            for payload in ["first", "second"] {
                #expect(await events.next() == .reconnected)
                try await pool.execute("SELECT pg_notify('orders', \(payload))")
                #expect(await events.next() == .notification(channel: "orders", payload: payload))
                try await pool.execute(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                     WHERE application_name = 'listener' AND datname = current_database()
                    """
                )
            }
            #expect(await events.next() == .reconnected)
        }
        #expect(failures.withLock(\.count) >= 2)
    }

    @Test("a silent connection is probed and stays")
    func probes() async throws {
        var configuration = FreshDatabase.current.configuration
        configuration.applicationName = "listener"
        let listener = Listener(configuration, channels: ["orders"], probeInterval: .milliseconds(1))
        let running = Task { try await listener.run() }
        var events = listener.events.makeAsyncIterator()
        #expect(await events.next() == .reconnected)
        let probed: Statement = """
            SELECT 1 FROM pg_stat_activity
             WHERE application_name = 'listener' AND datname = current_database() AND query = 'SELECT 1'
            """
        while try await pool.rows(probed).isEmpty {}
        try await pool.execute("SELECT pg_notify('orders', 'still here')")
        #expect(await events.next() == .notification(channel: "orders", payload: "still here"))
        running.cancel()
        try await running.value
    }

    /// Runs `body` beside a listener, then cancels it: it must end at once, and its events with it.
    private func listening(
        to channels: [String],
        _ onFailure: @escaping @Sendable (PostgresError) -> Void = { _ in },
        _ body: (Listener) async throws -> Void
    ) async throws {
        var configuration = FreshDatabase.current.configuration
        configuration.applicationName = "listener"
        let listener = Listener(configuration, channels: channels, probeInterval: .seconds(600), onFailure: onFailure)
        let running = Task { try await listener.run() }
        try await body(listener)
        running.cancel()
        try await running.value
        for await _ in listener.events {}
    }
}
