import Postgres
import ServiceLifecycle
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct WakingTests {
    let pool: Pool
    let ran = Mailbox(of: String.self)

    init() async throws {
        pool = try await queuePool()
    }

    /// A worker that would look by itself only once an hour.
    private func sleeper(bell: Bell? = nil, listener: Configuration? = nil) -> Worker {
        let handler = Scripted { [ran] payload, _ in
            ran.put(payload)
            return .done
        }
        return Worker(
            name: "sleeper", pool: pool, listenerConfiguration: listener, bell: bell, handlers: [handler],
            pollInterval: .seconds(3_600)
        )
    }

    @Test("the bell of its own process wakes a worker without the server's help")
    func bellInProcess() async throws {
        let bell = Bell(pool: pool)
        try await withWorkers([sleeper(bell: bell)]) {
            for payload in ["first", "second"] {
                _ = try await pool.enqueue(payload)
                bell.ring("default")
                #expect(try await ran.next() == payload)
            }
        }
    }

    @Test("the bell of another process wakes a listening worker")
    func bellAcrossProcesses() async throws {
        let bell = Bell(pool: pool)
        let listening = Mailbox(of: WorkerEvent.self)
        let worker = sleeper(listener: FreshDatabase.current.configuration).observed { listening.put($0) }
        try await withWorkers([bell, worker]) {
            try await listening.drain { if case .listening = $0 { true } else { false } }
            for payload in ["first", "second"] {
                _ = try await pool.enqueue(payload)
                bell.ring("default")
                #expect(try await ran.next() == payload)
            }
        }
    }

    @Test("of a queue no more than one notification is sent in ten milliseconds", arguments: [1, 4])
    func debounce(bellCount: Int) async throws {
        // Each as in a process of its own: they share nothing but the server.
        let bells = (0..<bellCount).map { _ in Bell(pool: pool) }
        let listener = Listener(FreshDatabase.current.configuration, channels: [Bell.channel])
        let now: Statement = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await listener.run() }
            var events = listener.events.makeAsyncIterator()
            #expect(await events.next() == .reconnected)
            for bell in bells { tasks.addTask { try await bell.run() } }
            let start = try await pool.count(now)
            // Rung by all as soon as any of them was heard, so that each has news all the time.
            for _ in 0..<20 {
                for bell in bells { bell.ring("busy", "busy") }
                #expect(await events.next() == .notification(channel: Bell.channel, payload: "busy"))
            }
            let elapsed = try await pool.count(now) - start
            #expect(elapsed >= 180, "20 notifications in \(elapsed) ms")
            tasks.cancelAll()
        }
    }

    @Test("a bell that somebody else was quicker than tries once more, a moment later", arguments: [1, 2])
    func late(times: Int) async throws {
        let (clock, rest) = (ManualClock(), Duration.milliseconds(10))
        let bell = Bell(pool: pool, clock: clock)
        let listener = Listener(FreshDatabase.current.configuration, channels: [Bell.channel])
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await listener.run() }
            var events = listener.events.makeAsyncIterator()
            #expect(await events.next() == .reconnected)
            tasks.addTask { try await bell.run() }
            // Somebody else has every moment of the minutes to come.
            _ = try await pool.execute(
                """
                INSERT INTO queue.wake (queue, rung_at)
                SELECT 'busy', date_bin('10 milliseconds', clock_timestamp(), 'epoch') + step * interval '10 ms'
                  FROM generate_series(0, 30000) AS step
                """
            )
            bell.ring("busy")
            for time in 1...times {
                if time > 1 { clock.advance(by: rest) }
                try await clock.somebodySleeps(for: rest)
            }
            _ = try await pool.execute("TRUNCATE queue.wake")
            bell.ring("last")
            clock.advance(by: rest)
            let heard = await events.next()
            // Who lost twice was told of by the second that won.
            #expect(heard == .notification(channel: Bell.channel, payload: times == 1 ? "busy" : "last"))
            tasks.cancelAll()
        }
    }
}
