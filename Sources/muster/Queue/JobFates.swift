import CapacityAPI
import JobQueue

/// What became of the jobs that a command was to change, and the exit status that says so.
struct JobFates: Sendable, Equatable {
    /// What is done to a job, as the sentences say it.
    enum Deed: String, Sendable {
        case retried, cancelled
    }

    let deed: Deed
    var changed: [Int64] = []
    /// Their unique key belongs to an unfinished job.
    var keyTaken: [Int64] = []
    /// They were not in a state for that.
    var others: [Int64: JobState] = [:]
    var unknown: [Int64] = []

    init(_ deed: Deed) {
        self.deed = deed
    }

    var text: String {
        var lines: [String] = []
        switch changed.count {
        case 0: lines.append("no job \(deed.rawValue)")
        case 1: lines.append("job \(changed[0]) \(deed.rawValue)")
        default: lines.append("\(changed.count) jobs \(deed.rawValue): \(QueueText.ids(changed))")
        }
        if !keyTaken.isEmpty {
            lines.append("still dead, an unfinished job has the same unique key: \(QueueText.ids(keyTaken))")
        }
        for state in JobState.allCases {
            let ids = others.filter { $0.value == state }.keys.sorted()
            if !ids.isEmpty { lines.append("left alone, \(state.rawValue): \(QueueText.ids(ids))") }
        }
        if !unknown.isEmpty { lines.append("unknown or forgotten: \(QueueText.ids(unknown))") }
        return lines.map { $0 + "\n" }.joined()
    }

    var json: JSONValue {
        .object([
            deed.rawValue: .array(changed.map(JSONValue.integer)),
            "keyTaken": .array(keyTaken.map(JSONValue.integer)),
            "leftAlone": .array(
                others.sorted { $0.key < $1.key }.map { id, state in
                    .object(["jobId": .integer(id), "state": .string(state.rawValue)])
                }
            ),
            "unknown": .array(unknown.map(JSONValue.integer)),
        ])
    }

    /// Why not everything was done that was asked, where it was not.
    var failure: Failure? {
        if !unknown.isEmpty { return Failure(.notFound, "not every job is there") }
        if !keyTaken.isEmpty || !others.isEmpty { return Failure(.refused, "not every job could be \(deed.rawValue)") }
        return nil
    }
}
