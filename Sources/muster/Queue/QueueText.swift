import CapacityModel
import JobQueue
import Postgres

/// How a person reads what the queue says.
enum QueueText {
    /// To the second, in UTC.
    static func moment(_ instant: Postgres.Instant) -> String {
        CapacityModel.Instant(microsecondsSinceEpoch: instant.microsecondsSinceEpoch).toTheSecond
    }

    /// Seconds as a length of time; not more exact than a person cares for.
    static func spoken(_ seconds: Double) -> String {
        Duration.milliseconds(Int64((seconds * 10).rounded()) * 100).spoken
    }

    static func line(_ pause: Pause) -> String {
        ("\(pause.queue) rests since \(moment(pause.pausedAt))" + (pause.reason.map { ": \($0)" } ?? "")).printable
    }

    static func line(_ use: ThrottleUse) -> String {
        let throttle = use.throttle
        var limits: [String] = []
        if let limit = throttle.runningLimit { limits.append("\(use.runningCount) of \(limit) run") }
        if let rate = throttle.rate {
            let tokens = use.tokenCount.map { "\(Int64($0)) of \(rate.burst)" } ?? "-"
            limits.append("\(tokens) may start, \(rate.count) more every \(rate.period.spoken)")
        }
        let full = use.hasRoom ? "" : " (full)"
        return "\(throttle.scope.rawValue) \(throttle.name): \(limits.joined(separator: "; "))\(full)".printable
    }

    /// Said only of a snapshot that is old enough to matter.
    static func warning(_ holder: SnapshotHolder) -> String? {
        guard let seconds = holder.heldSeconds, seconds >= 60 else { return nil }
        let facts = [holder.applicationName, holder.userName.map { "user \($0)" }, holder.state, holder.name]
            .compactMap { $0 }.filter { !$0.isEmpty }
        let who = [holder.heldBy, holder.pid.map { "\($0)" }].compactMap { $0 }.joined(separator: " ")
        let what = "warning: \(who) (\(facts.joined(separator: ", "))) has held a snapshot for \(spoken(seconds)): "
        return what.printable + "rows of finished jobs cannot be removed, and the tables grow"
    }

    /// The moment that matters most about a job in its state.
    static func moment(of job: JobRecord) -> Postgres.Instant {
        switch job.state {
        case .blocked: job.enqueuedAt
        case .scheduled, .available: job.runAt
        case .running: job.startedAt ?? job.runAt
        case .done, .discarded, .dead, .cancelled: job.finishedAt ?? job.runAt
        }
    }

    static func progress(_ job: JobRecord) -> String? {
        let parts = [job.progress.map { percent(Int($0 * 1_000), of: 1_000) }, job.progressNote].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    /// The first line of a text, cut where a table would get too wide.
    static func firstLine(_ text: String) -> String {
        String(text.split(whereSeparator: \.isNewline).first ?? "").clipped(toWidth: 60)
    }

    /// The jobs, as a list shows them.
    static func table(_ jobs: [JobRecord]) -> String {
        var table = Table([
            .number("job"), .text("queue"), .text("kind"), .text("state"), .text("tenant"), .number("attempt"),
            .text("when"), .text("worker"), .text(""),
        ])
        for job in jobs {
            table.add(
                "\(job.jobID)", job.queue, job.kind, job.state.rawValue, job.tenant ?? "-",
                "\(job.attempt) of \(job.maxAttempts)", moment(moment(of: job)), job.workerName ?? "-",
                firstLine(job.reason ?? progress(job) ?? "")
            )
        }
        return jobs.isEmpty ? "no such jobs\n" : table.text
    }

    /// Ids as a sentence names them, no more than a line of them.
    static func ids(_ ids: [Int64]) -> String {
        ids.prefix(12).map { "\($0)" }.joined(separator: ", ") + (ids.count > 12 ? " and \(ids.count - 12) more" : "")
    }
}
