import CapacityAPI
import CapacityModel
import JobQueue
import Postgres

/// What the queue says, as JSON with the names the HTTP contract would give; what is not known is left out.
enum QueueJSON {
    static func job(_ job: JobRecord) -> JSONValue {
        object([
            "jobId": .integer(job.jobID), "queue": .string(job.queue), "kind": .string(job.kind),
            "state": .string(job.state.rawValue), "tenant": job.tenant.map(JSONValue.string),
            "priority": number(job.priority), "uniqueKey": job.uniqueKey.map(JSONValue.string),
            "attempt": number(job.attempt), "maxAttempts": number(job.maxAttempts), "runAt": instant(job.runAt),
            "enqueuedAt": instant(job.enqueuedAt), "startedAt": job.startedAt.map(instant),
            "finishedAt": job.finishedAt.map(instant), "worker": job.workerName.map(JSONValue.string),
            "reason": job.reason.map(JSONValue.string), "progress": job.progress.map(JSONValue.number),
            "progressNote": job.progressNote.map(JSONValue.string),
        ])
    }

    static func depth(_ depth: QueueDepth) -> JSONValue {
        object([
            "queue": .string(depth.queue), "paused": .bool(depth.isPaused), "blocked": number(depth.blockedCount),
            "scheduled": number(depth.scheduledCount), "available": number(depth.availableCount),
            "running": number(depth.runningCount), "dead": number(depth.deadCount),
            "oldestAvailableSeconds": depth.oldestAvailableSeconds.map(JSONValue.number),
        ])
    }

    static func pause(_ pause: Pause) -> JSONValue {
        object([
            "queue": .string(pause.queue), "reason": pause.reason.map(JSONValue.string),
            "pausedAt": instant(pause.pausedAt),
        ])
    }

    static func throttle(_ use: ThrottleUse) -> JSONValue {
        let (throttle, rate) = (use.throttle, use.throttle.rate)
        return object([
            "scope": .string(throttle.scope.rawValue), "name": .string(throttle.name),
            "runningLimit": throttle.runningLimit.map(number), "running": number(use.runningCount),
            "rateCount": (rate?.count).map(number), "ratePeriodSeconds": (rate?.period.inSeconds).map(JSONValue.number),
            "burst": (rate?.burst).map(number), "tokens": use.tokenCount.map(JSONValue.number),
            "hasRoom": .bool(use.hasRoom),
        ])
    }

    static func snapshot(_ holder: SnapshotHolder) -> JSONValue {
        object([
            "heldBy": .string(holder.heldBy), "pid": holder.pid.map(number), "name": holder.name.map(JSONValue.string),
            "applicationName": holder.applicationName.map(JSONValue.string),
            "user": holder.userName.map(JSONValue.string),
            "clientAddress": holder.clientAddress.map(JSONValue.string), "state": holder.state.map(JSONValue.string),
            "xids": number(holder.xidCount), "heldSeconds": holder.heldSeconds.map(JSONValue.number),
            "querySeconds": holder.querySeconds.map(JSONValue.number),
        ])
    }

    static func object(_ fields: [String: JSONValue?]) -> JSONValue {
        .object(fields.compactMapValues { $0 })
    }

    static func number(_ number: Int) -> JSONValue { .integer(Int64(number)) }

    static func instant(_ instant: Postgres.Instant) -> JSONValue {
        .string(CapacityModel.Instant(microsecondsSinceEpoch: instant.microsecondsSinceEpoch).description)
    }
}
