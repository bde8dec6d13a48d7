import Synchronization
import queue_worker

/// One line that a worker said.
struct Line: Sendable, Equatable {
    let worker: String
    let word: Lines.Word
    /// Whom or what it is about.
    let subject: String

    /// `nil` for what is no event: a line of a log.
    init?(_ text: String, from worker: String) {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let word = Lines.Word(rawValue: String(parts[0])) else { return nil }
        self.worker = worker
        self.word = word
        subject = String(parts[1])
    }

    var jobID: Int64? { Int64(subject) }
}

/// What workers say, in the order it came, for one reader. Tests wait for lines, never for time.
final class Hearing: Sendable {
    private enum Item {
        case line(Line)
        /// A worker ended that nobody had ended.
        case death(String)
    }

    private let stream: AsyncStream<Item>
    private let continuation: AsyncStream<Item>.Continuation
    private let log = Mutex<[String]>([])

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func take(_ text: String, from worker: String) {
        if let line = Line(text, from: worker) {
            continuation.yield(.line(line))
        } else {
            log.withLock { $0 = $0.suffix(19) + ["\(worker): \(text)"] }
        }
    }

    func lost(_ worker: String) {
        continuation.yield(.death(worker))
    }

    func next() async throws -> Line {
        for await item in stream {
            switch item {
            case .line(let line): return line
            case .death(let worker):
                throw Trouble("\(worker) ended by itself; \(lastWords)")
            }
        }
        throw Trouble("what was waited for did not come in time; \(lastWords)")
    }

    /// Passes over so many lines.
    func skip(_ count: Int) async throws {
        for _ in 0..<count { _ = try await next() }
    }

    /// The next line with `word` about `subject`, about anything where that is `nil`; those before it are passed over.
    @discardableResult
    func wait(for word: Lines.Word, _ subject: String? = nil) async throws -> Line {
        while true {
            let line = try await next()
            if line.word == word, subject == nil || line.subject == subject { return line }
        }
    }

    /// Waits until `word` has been said of each of these jobs, and returns the lines passed over.
    @discardableResult
    func wait(for word: Lines.Word, ofAll jobIDs: [Int64]) async throws -> [Line] {
        var missing = Set(jobIDs)
        var others: [Line] = []
        while !missing.isEmpty {
            let line = try await next()
            if line.word != word || line.jobID.flatMap({ missing.remove($0) }) == nil { others.append(line) }
        }
        return others
    }

    private var lastWords: String { "the workers' last words:\n" + log.withLock { $0.joined(separator: "\n") } }
}
