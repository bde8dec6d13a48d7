package import JobQueue
import Postgres

/// The job of the fault tests: leaves a row that says which attempt took effect, in the transaction that ends the job.
package struct EffectHandler: JobHandler {
    package struct Payload: Codable, Sendable {
        /// How many attempts fail before one does not.
        package var failures: Int
        /// Weight, for a disk that is to become full.
        package var filling: String

        package init(failures: Int = 0, filling: String = "") {
            self.failures = failures
            self.filling = filling
        }
    }

    package static let kind = "effect"

    /// What an attempt throws that was told to fail.
    struct Told: Error {}

    let pool: Pool
    let gate: Gate
    let lines: Lines

    package func run(_ payload: Payload, _ context: JobContext) async throws -> JobOutcome {
        let (jobID, epoch) = (context.jobID, context.leaseEpoch)
        // In line before anybody hears of it, so that whoever opens the gate then opens it for this job too.
        let place = gate.enter()
        lines.say(.started, "\(jobID)")
        try await place.wait()
        guard context.attempt > payload.failures else { throw Told() }
        try await context.complete(in: pool) { [lines] session in
            try session.execute("INSERT INTO effect (job_id, lease_epoch) VALUES (\(jobID), \(epoch))")
            lines.say(.effect, "\(jobID)")
        }
        return .done
    }
}
