import CapacityAPI
import JobQueue
import Postgres

/// What 'muster queue stats' shows.
struct QueueStats: Sendable {
    var depths: [QueueDepth]
    var pauses: [Pause]
    var throttles: [ThrottleUse]
    var snapshot: SnapshotHolder?

    init(in session: isolated Session) throws {
        depths = try JobQueue.depths(in: session)
        pauses = try JobQueue.pauses(in: session)
        throttles = try JobQueue.throttles(in: session)
        snapshot = try JobQueue.oldestSnapshot(in: session)
    }

    var text: String {
        var table = Table([
            .text("queue"), .text("state"), .number("blocked"), .number("scheduled"), .number("available"),
            .number("running"), .number("dead"), .number("oldest waits"),
        ])
        for depth in depths {
            table.add(
                depth.queue, depth.isPaused ? "paused" : "works", "\(depth.blockedCount)", "\(depth.scheduledCount)",
                "\(depth.availableCount)", "\(depth.runningCount)", "\(depth.deadCount)",
                depth.oldestAvailableSeconds.map(QueueText.spoken) ?? "-"
            )
        }
        var notes = pauses.map { QueueText.line($0) } + throttles.map { QueueText.line($0) }
        if let warning = snapshot.flatMap(QueueText.warning) { notes.append(warning) }
        let queues = depths.isEmpty ? "no job waits, runs or is dead in any queue\n" : table.text
        return queues + (notes.isEmpty ? "" : "\n") + notes.map { $0 + "\n" }.joined()
    }

    var json: JSONValue {
        QueueJSON.object([
            "queues": .array(depths.map(QueueJSON.depth)),
            "pauses": .array(pauses.map(QueueJSON.pause)),
            "throttles": .array(throttles.map(QueueJSON.throttle)),
            "oldestSnapshot": snapshot.map(QueueJSON.snapshot),
        ])
    }
}
