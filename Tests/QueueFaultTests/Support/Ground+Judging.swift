import Postgres
import Testing

extension Ground {
    /// Expects that every job of `jobIDs` ended once and took effect once, both by the same attempt, and that nothing
    /// is left unfinished.
    func expectEachDoneOnce(_ jobIDs: [Int64], sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let wrong = try await pool.rows(
            """
            SELECT format('%s: %s ends (%s), %s effects', job_id, ended, outcomes, took_effect) AS wrong
              FROM unnest(\(jobIDs)::bigint[]) AS wanted (job_id)
             CROSS JOIN LATERAL (
                SELECT count(*) AS ended, string_agg(outcome, '+') AS outcomes, min(lease_epoch) AS last_epoch
                  FROM queue.history WHERE history.job_id = wanted.job_id
             ) AS story
             CROSS JOIN LATERAL (
                SELECT count(*) AS took_effect, min(lease_epoch) AS effect_epoch
                  FROM effect WHERE effect.job_id = wanted.job_id
             ) AS effects
             WHERE ended <> 1 OR took_effect <> 1 OR outcomes <> 'done' OR effect_epoch <> last_epoch
             ORDER BY job_id LIMIT 10
            """
        ).map { try $0.decode("wrong", as: String.self) }
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "; "))", sourceLocation: sourceLocation)
        let left = try await count("SELECT count(*) FROM queue.job")
        #expect(left == 0, "\(left) jobs are unfinished", sourceLocation: sourceLocation)
        let strays = try await count(
            "SELECT count(*) FROM (SELECT job_id FROM effect GROUP BY job_id HAVING count(*) > 1) AS twice"
        )
        #expect(strays == 0, "\(strays) jobs took effect twice", sourceLocation: sourceLocation)
    }

    /// How many attempts ended with their worker.
    func lostAttempts() async throws -> Int {
        try await count("SELECT count(*) FROM queue.failure WHERE reason LIKE 'worker lost%'")
    }
}
