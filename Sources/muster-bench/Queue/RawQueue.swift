import ArgumentParser
import Postgres

/// The floor of work: a table with just what a queue cannot do without, and a loop without any queue logic.
enum RawQueue {
    /// Fills it with `count` jobs that look like those of `NoOpHandler`.
    static func fill(_ count: Int, in session: Session) async throws {
        try await session.script(
            unchecked: """
                CREATE SCHEMA raw;
                CREATE TABLE raw.job (
                    job_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL, payload jsonb NOT NULL,
                    state text NOT NULL DEFAULT 'available', started_at timestamptz, finished_at timestamptz);
                CREATE INDEX ON raw.job (job_id) WHERE state = 'available';
                """
        )
        try await session.execute(
            """
            INSERT INTO raw.job (kind, payload)
            SELECT 'bench.nothing', jsonb_build_object('number', number)
              FROM generate_series(1, \(count)::bigint) AS number
            """
        )
    }

    /// Claims 100 rows and returns their ids; the payload is read, too, as a handler would need it.
    static func claim(in session: isolated Session) throws -> [Int64] {
        let rows = try session.rows(
            """
            UPDATE raw.job SET state = 'running', started_at = now()
             WHERE job_id IN (SELECT job_id FROM raw.job WHERE state = 'available'
                               ORDER BY job_id LIMIT 100 FOR UPDATE SKIP LOCKED)
            RETURNING job_id, payload::text
            """
        )
        return try rows.map { row in
            _ = try row.decode(1, as: String.self)
            return try row.decode(0)
        }
    }

    /// Completes rows, which stay in the table.
    static func complete(_ ids: [Int64], in session: isolated Session) throws {
        try session.execute(
            "UPDATE raw.job SET state = 'done', finished_at = now() WHERE job_id = ANY(\(ids)::bigint[])"
        )
    }
}

/// One process of the floor: claim 100, complete 100, over and over on one session; started by the queue bench.
struct RawWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue-raw-worker",
        abstract: "One process of the queue bench's floor.",
        shouldDisplay: false
    )

    @Option var database: String

    func run() async throws {
        let database = ArenaDatabase(database, conninfo: try required("MUSTER_DATABASE"))
        let tally = Tally()
        try await tally.report {
            try await database.withSession { session in
                while !Task.isCancelled {
                    let ids = try await RawQueue.claim(in: session)
                    if ids.isEmpty {
                        try await Task.sleep(for: .milliseconds(10))
                    } else {
                        try await RawQueue.complete(ids, in: session)
                        tally.add(ids.count)
                    }
                }
            }
        }
    }
}
