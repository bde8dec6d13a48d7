import Postgres
import ServiceLifecycle
import TestSupport
import Testing

@testable import JobQueue

@Suite(.emptyDatabase, .timeLimit(.minutes(5)))
struct SettlingTests {
    @Test("a verdict whose row somebody has locked holds up no other, and is stored when the lock is gone")
    func lockedRow() async throws {
        let pool = try await queuePool()
        var configuration = FreshDatabase.current.configuration
        configuration.statementTimeout = nil
        let unhurried = Pool(configuration, size: 6)
        let ids = try await pool.enqueue([try Job(Scripted.self, "locked"), try Job(Scripted.self, "free")])
        let (events, started, go) = (Mailbox(of: WorkerEvent.self), Mailbox(of: Void.self), Mailbox(of: Void.self))
        let handler = Scripted { _, _ in
            started.put(())
            try await go.next()
            return .done
        }
        let worker = Worker(name: "w", pool: unhurried, handlers: [handler], pollInterval: .milliseconds(20))
            .observed { events.put($0) }
        try await withWorkers([worker]) {
            _ = try await started.collect(2)
            try await pool.withSession { holder in
                try await holder.script(unchecked: "BEGIN")
                _ = try await holder.rows("SELECT FROM queue.job WHERE job_id = \(ids[0]) FOR UPDATE")
                go.put(())
                go.put(())
                try await events.drain { if case .ended(ids[1], _, "done") = $0 { true } else { false } }
                try await holder.script(unchecked: "ROLLBACK")
            }
            try await events.drain { if case .ended(ids[0], _, "done") = $0 { true } else { false } }
        }
        #expect(try await pool.count("SELECT count(*) FROM queue.history WHERE outcome = 'done'") == 2)
        #expect(try await pool.count("SELECT count(*) FROM queue.failure") == 0)
        await unhurried.shutdown()
    }

    @Test("verdicts wait a moment for the company of those that still run, and are stored together")
    func gathered() async throws {
        let pool = try await queuePool()
        _ = try await pool.enqueue(try (0..<3).map { try Job(Scripted.self, "\($0)") })
        let (events, started) = (Mailbox(of: WorkerEvent.self), Mailbox(of: Void.self))
        let (clock, go) = (ManualClock(), Mailbox(of: Void.self))
        let handler = Scripted { _, _ in
            started.put(())
            try await go.next()
            return .done
        }
        let worker = Worker(name: "w", pool: pool, handlers: [handler], clock: clock).observed { events.put($0) }
        let stored: Statement = "SELECT count(*) FROM queue.history"
        try await withWorkers([worker]) {
            _ = try await started.collect(3)
            go.put(())
            try await clock.somebodySleeps(for: Shift.gatheringTime)
            go.put(())
            try await events.drain { if case .ran = $0 { true } else { false } }
            try await events.drain { if case .ran = $0 { true } else { false } }
            #expect(try await pool.count(stored) == 0)
            clock.advance(by: Shift.gatheringTime)
            try await events.ended(2)
            #expect(try await pool.count(stored) == 2)
            #expect(try await pool.count("SELECT count(DISTINCT xmin::text) FROM queue.history") == 1)
            // There is nobody to wait for any more.
            go.put(())
            try await events.ended()
        }
    }

    @Test("a worker whose verdicts are not stored claims no more than it has slots")
    func backPressure() async throws {
        let pool = try await queuePool()
        let ids = try await pool.enqueue(try (0..<20).map { try Job(Scripted.self, "\($0)") })
        let (events, started, go) = (Mailbox(of: WorkerEvent.self), Mailbox(of: Void.self), Mailbox(of: Void.self))
        let handler = Scripted { _, context in
            if ids.prefix(4).contains(context.jobID) {
                started.put(())
                try await go.next()
            }
            return .done
        }
        let worker = Worker(
            name: "w", pool: pool, concurrency: 4, handlers: [handler], pollInterval: .milliseconds(20)
        ).observed { events.put($0) }
        try await withWorkers([worker]) {
            _ = try await started.collect(4)
            try await pool.withSession { [pool] holder in
                try await holder.script(unchecked: "BEGIN")
                _ = try await holder.rows("SELECT FROM queue.lease FOR UPDATE")
                for _ in 0..<4 { go.put(()) }
                // Twice, so that it has looked for jobs in between.
                for _ in 0..<2 { try await events.drain { if case .failed("settle") = $0 { true } else { false } } }
                #expect(try await pool.count("SELECT count(*) FROM queue.leased") == 4)
                try await holder.script(unchecked: "ROLLBACK")
            }
            try await events.ended(ids.count)
        }
        #expect(try await pool.count("SELECT count(*) FROM queue.history WHERE outcome = 'done'") == ids.count)
    }

    @Test("an attempt whose verdict the database refuses has failed, and holds up no other")
    func refused() async throws {
        let pool = try await queuePool()
        try await pool.withSession { session in
            try await session.script(
                unchecked: """
                    CREATE FUNCTION refuse_first() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN
                        IF NEW.payload = '"bad"' AND NEW.attempt_count = 1 THEN RAISE 'not this one'; END IF;
                        RETURN NEW;
                    END $$;
                    CREATE TRIGGER refuse_first BEFORE INSERT ON queue.history
                        FOR EACH ROW EXECUTE FUNCTION refuse_first();
                    """)
        }
        let ids = try await pool.enqueue([try Job(Scripted.self, "bad"), try Job(Scripted.self, "good")])
        let events = Mailbox(of: WorkerEvent.self)
        let worker = Worker(
            name: "w", pool: pool, handlers: [Scripted { _, _ in .done }], pollInterval: .milliseconds(10),
            leaseDuration: .milliseconds(300)
        ).observed { events.put($0) }
        try await withWorkers([worker]) {
            let outcomes = try await events.ended(3)
            #expect(outcomes.sorted() == ["done", "done", "failed"])
        }
        let failures = try await pool.failures(ids[0])
        #expect(failures.count == 1 && failures[0].hasPrefix("the database refused what it ended with, done"))
        #expect(try await pool.count("SELECT count(*) FROM queue.lease") == 0)
    }
}
