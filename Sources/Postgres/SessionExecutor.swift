import Dispatch

/// The thread of one session: a serial queue as an actor's executor.
///
/// libpq blocks while it waits for the server. A serial queue of its own gets a thread beyond the fixed few that run
/// Swift's tasks, so a slow statement delays nobody but its caller.
final class SessionExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) {
        queue = DispatchQueue(label: label)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedSerialExecutor()
        queue.async {
            job.runSynchronously(on: executor)
        }
    }

    func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }
}
