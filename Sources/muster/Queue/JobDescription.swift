import CapacityAPI
import FoundationEssentials
import JobQueue

/// One job, as 'muster queue show' shows it.
struct JobDescription {
    /// A longer payload is cut in the text; the JSON has all of it.
    static let payloadWidth = 2_000

    let details: JobDetails

    var text: String {
        let sections = [facts, predecessors, failures].filter { !$0.isEmpty }
        return sections.joined(separator: "\n")
    }

    private var facts: String {
        let job = details.job
        var facts = Facts()
        facts.add("job", "\(job.jobID)")
        facts.add("queue", job.queue)
        facts.add("kind", job.kind)
        facts.add("state", job.state.rawValue)
        facts.add("reason", job.reason)
        facts.add("progress", QueueText.progress(job))
        facts.add("tenant", job.tenant)
        facts.add("priority", "\(job.priority)")
        facts.add("attempt", "\(job.attempt) of \(job.maxAttempts)")
        facts.add("unique key", job.uniqueKey)
        facts.add("enqueued", QueueText.moment(job.enqueuedAt))
        facts.add("may run", QueueText.moment(job.runAt))
        facts.add("started", job.startedAt.map(QueueText.moment))
        facts.add("finished", job.finishedAt.map(QueueText.moment))
        facts.add("worker", job.workerName)
        facts.add("lease", details.leaseUntil.map { "until \(QueueText.moment($0)), if not prolonged" })
        facts.add("timeout", details.timeout?.spoken)
        facts.add("trace", details.trace)
        facts.add("payload", details.payload.clipped(toWidth: Self.payloadWidth))
        return facts.text
    }

    private var predecessors: String {
        guard !details.predecessors.isEmpty else { return "" }
        var table = Table([.number("waits for"), .text("until it has"), .text("state")])
        for job in details.predecessors {
            table.add("\(job.jobID)", job.condition, job.state?.rawValue ?? "-")
        }
        return table.text
    }

    private var failures: String {
        guard !details.failures.isEmpty else { return "" }
        var table = Table([.text("failed"), .number("attempt"), .text("of")])
        for failure in details.failures {
            table.add(QueueText.moment(failure.failedAt), "\(failure.attempt)", failure.reason)
        }
        return table.text
    }
}

extension JobDescription {
    var json: JSONValue {
        QueueJSON.object([
            "job": QueueJSON.job(details.job),
            "payload": Self.value(of: details.payload),
            "payloadVersion": QueueJSON.number(details.payloadVersion),
            "trace": details.trace.map(JSONValue.string),
            "timeoutSeconds": details.timeout.map { .number($0.inSeconds) },
            "leaseEpoch": details.leaseEpoch.map(JSONValue.integer),
            "leaseUntil": details.leaseUntil.map(QueueJSON.instant),
            "waitsFor": .array(details.predecessors.map(Self.json)),
            "failures": .array(details.failures.map(Self.json)),
        ])
    }

    private static func json(_ job: JobDetails.Predecessor) -> JSONValue {
        QueueJSON.object([
            "jobId": .integer(job.jobID), "condition": .string(job.condition),
            "state": job.state.map { .string($0.rawValue) },
        ])
    }

    private static func json(_ failure: JobDetails.Failure) -> JSONValue {
        QueueJSON.object([
            "attempt": QueueJSON.number(failure.attempt), "leaseEpoch": .integer(failure.leaseEpoch),
            "reason": .string(failure.reason), "failedAt": QueueJSON.instant(failure.failedAt),
        ])
    }

    /// The payload as the JSON it is; as text where it holds a number that no type here holds.
    private static func value(of payload: String) -> JSONValue {
        do {
            return try JSONDecoder().decode(JSONValue.self, from: Data(payload.utf8))
        } catch {
            return .string(payload)
        }
    }
}
