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

    @Test("a bell rung a thousand times at once notifies each queue once or twice, not a thousand times")
    func debounce() async throws {
        let listener = Listener(FreshDatabase.current.configuration, channels: [Bell.channel])
        let bell = Bell(pool: pool)
        await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await listener.run() }
            var events = listener.events.makeAsyncIterator()
            #expect(await events.next() == .reconnected)
            tasks.addTask { try await bell.run() }
            for _ in 0..<1_000 { bell.ring("busy", "busy") }
            bell.ring("last")
            var heard: [String] = []
            while heard.last != "last", case .notification(_, let queue) = await events.next() { heard.append(queue) }
            #expect(heard.count { $0 == "busy" } <= 2)
            tasks.cancelAll()
        }
    }
}
