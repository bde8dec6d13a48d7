import Logging
import Postgres
import ServiceLifecycle
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct StopTests {
    let pool: Pool

    init() async throws {
        pool = try await queuePool()
    }

    private func worker(
        drain: Duration, poll: Duration = .milliseconds(20),
        _ body: @escaping @Sendable (String, JobContext) async throws -> JobOutcome
    ) -> Worker {
        Worker(
            name: "worker", pool: pool, handlers: [Scripted(body)], pollInterval: poll,
            leaseDuration: .seconds(60), drainLimit: drain
        )
    }

    @Test("a graceful stop lets running handlers finish and claims no more")
    func finishesRunning() async throws {
        let running = try await pool.enqueue("running")
        let started = Mailbox(of: Void.self)
        let stopping = Mailbox(of: Void.self)
        let late = Mailbox(of: Int64.self)
        // Not in the middle of a claim when it is told to stop.
        let worker = worker(drain: .seconds(60), poll: .seconds(3_600)) { [pool] _, _ in
            try await withGracefulShutdownHandler {
                started.put(())
                try await stopping.next()
                late.put(try await pool.enqueue("late"))
                return .done
            } onGracefulShutdown: {
                stopping.put(())
            }
        }
        try await withWorkers([worker]) { try await started.next() }
        #expect(try await pool.end(running) == "done")
        #expect(try await pool.row(late.next()) == "available 0 - -")
    }

    @Test("a graceful stop hands back what does not finish: available at once, no attempt charged")
    func handsBack() async throws {
        let id = try await pool.enqueue("endless")
        let started = Mailbox(of: Void.self)
        let worker = worker(drain: .milliseconds(1)) { _, _ in
            started.put(())
            try await untilCancelled()
            return .done
        }
        try await withWorkers([worker]) { try await started.next() }
        #expect(try await pool.row(id) == "available 0 - -")
        #expect(try await pool.failures(id).isEmpty)
    }

    @Test("a handler deaf to cancellation loses its job all the same, and what it says later changes nothing")
    func handsBackFromDeaf() async throws {
        let id = try await pool.enqueue("deaf")
        let started = Mailbox(of: Void.self)
        let finish = Mailbox(of: Void.self)
        let worker = worker(drain: .milliseconds(1)) { _, _ in
            started.put(())
            // A task of its own does not hear of its parent's cancellation.
            try await Task { try await finish.next() }.value
            return .done
        }
        let group = ServiceGroup(services: [worker], logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await started.next()
            await group.triggerGracefulShutdown()
            while try await pool.row(id) != "available 0 - -" {}
            finish.put(())
            try await tasks.waitForAll()
        }
        #expect(try await pool.row(id) == "available 0 - -")
    }

    @Test("a worker cancelled outright hands its jobs back as well")
    func cancelled() async throws {
        let id = try await pool.enqueue("endless")
        let started = Mailbox(of: Void.self)
        let worker = worker(drain: .seconds(60)) { _, _ in
            started.put(())
            try await untilCancelled()
            return .done
        }
        let run = Task { try await worker.run() }
        try await started.next()
        run.cancel()
        try await run.value
        #expect(try await pool.row(id) == "available 0 - -")
    }
}
