import Postgres
import Testing

@testable import JobQueue

extension Pool {
    /// Does `body` in a transaction, as an operator's command does.
    func operate<Value: Sendable>(
        _ body: @escaping @Sendable (isolated Session) throws -> Value
    ) async throws -> Value {
        try await transaction { session in try body(session) }
    }

    /// Enqueues a job, runs it once and lets it die of `reason`; returns its id.
    func bury(
        _ payload: String, queue: String = "default", uniqueKey: String? = nil, reason: String = "broken"
    ) async throws -> Int64 {
        let job = try Job(Scripted.self, payload, queue: queue, maxAttempts: 1, uniqueKey: uniqueKey)
        let id = try #require(try await enqueue([job]).first)
        let claim = try await claimOne(of: queue)
        #expect(claim.jobID == id)
        _ = try await settle(claim.fence, .dead(reason: reason))
        return id
    }

    /// Claims the next job of `queue`.
    func claimOne(of queue: String = "default", as name: String = "somebody") async throws -> Claim {
        let claimant = Claimant(name: name, queues: [queue], kinds: [Scripted.kind], leaseDuration: .seconds(60))
        return try #require(try await claim(1, for: claimant).first)
    }

    /// The only row of a view, as text to compare.
    func only(_ statement: Statement) async throws -> String {
        let rows = try await rows(statement)
        #expect(rows.count == 1)
        return try #require(try rows.first?.decode(0, as: String?.self))
    }
}
