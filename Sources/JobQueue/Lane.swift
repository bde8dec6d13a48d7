/// One priority of one queue; the jobs in it run in turn.
struct Lane: Hashable, Sendable {
    let queue: String
    let priority: Int

    /// All lanes of `queues`.
    static func all(of queues: [String]) -> [Lane] {
        queues.flatMap { queue in Job.priorities.map { Lane(queue: queue, priority: $0) } }
    }
}
