import Glibc
import JobQueue

/// What a worker says on standard output: a word, a space, and whom or what it is about.
package struct Lines: Sendable {
    package enum Word: String, CaseIterable, Sendable {
        /// What time this process believes it is, in seconds since 1970.
        case clock
        case claimed, started
        /// The effect is written and its transaction still open.
        case effect
        case done
        /// An attempt ended in another way.
        case undone
        case stale, renewed, rescued, listening
        /// A statement of the worker's own failed.
        case failed
    }

    func say(_ word: Word, _ subject: String) {
        let line = Array("\(word.rawValue) \(subject)\n".utf8)
        // One write is one line, whoever writes beside it. Where nobody reads any more, there is nothing left to do.
        _ = write(STDOUT_FILENO, line, line.count)
    }

    func tell(_ event: WorkerEvent) {
        switch event {
        case .claimed(let count): say(.claimed, "\(count)")
        case .ended(let jobID, _, let outcome): say(outcome == "done" ? .done : .undone, "\(jobID)")
        case .stale(let jobID): say(.stale, "\(jobID)")
        case .renewed(let count): say(.renewed, "\(count)")
        case .rescued(let returned, let dead): say(.rescued, "\(returned + dead)")
        case .listening: say(.listening, "-")
        case .failed(let doing): say(.failed, doing)
        // A handler says itself which job it starts.
        case .started, .ran, .pruned: break
        }
    }
}
