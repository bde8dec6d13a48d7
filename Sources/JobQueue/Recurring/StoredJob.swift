import FoundationEssentials
import Postgres

/// A job as a recurrence keeps it, but for its payload. A trace is not kept: each tick begins anew.
struct StoredJob: Codable, Equatable {
    let kind: String
    let payloadVersion: Int
    let queue: String
    let priority: Int
    let maxAttempts: Int
    let tenant: String?
    let timeoutMicroseconds: Int64?
    let uniqueKey: String?
    let uniqueMicroseconds: Int64?
    let replaces: Bool

    init(_ job: Job) {
        kind = job.kind
        payloadVersion = job.payloadVersion
        queue = job.queue
        priority = job.priority
        maxAttempts = job.maxAttempts
        tenant = job.tenant
        timeoutMicroseconds = job.timeout?.wholeMicroseconds
        uniqueKey = job.uniqueness?.key
        uniqueMicroseconds = job.uniqueness?.window?.wholeMicroseconds
        replaces = job.uniqueness?.conflict == .replace
    }

    init(_ json: JSON) throws {
        self = try JSONDecoder().decode(StoredJob.self, from: Data(json.text.utf8))
    }

    var json: JSON {
        get throws { JSON(text: String(decoding: try JSONEncoder().encode(self), as: UTF8.self)) }
    }
}

extension Job {
    /// The job that `stored` and `payload` describe, for the tick at `runAt`.
    init(_ stored: StoredJob, payload: String, runAt: Instant) {
        kind = stored.kind
        self.payload = payload
        payloadVersion = stored.payloadVersion
        queue = stored.queue
        priority = stored.priority
        self.runAt = runAt
        maxAttempts = stored.maxAttempts
        tenant = stored.tenant
        timeout = stored.timeoutMicroseconds.map { .microseconds($0) }
        trace = nil
        uniqueness = stored.uniqueKey.map { key in
            Uniqueness(
                key: key, conflict: stored.replaces ? .replace : .keep,
                window: stored.uniqueMicroseconds.map { .microseconds($0) }
            )
        }
    }
}
