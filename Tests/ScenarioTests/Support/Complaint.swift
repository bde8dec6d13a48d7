/// Why a story cannot go on, with the last words of whoever should have gone on with it.
struct Complaint: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Asks until there is an answer, at most for `limit`.
///
/// The only place where a story looks again and again: for what sends no signal, such as a port that answers or a row
/// another process writes. An error of `question` counts as no answer yet, for the one asked may be dead just now.
func eventually<Answer>(
    within limit: Duration = .seconds(60), _ what: String, _ question: () async throws -> Answer?
) async throws -> Answer {
    let deadline = ContinuousClock.now + limit
    var lastError: (any Error)?
    while true {
        do {
            if let answer = try await question() { return answer }
        } catch {
            lastError = error
        }
        guard ContinuousClock.now < deadline else {
            throw Complaint("\(what): not within \(limit)" + (lastError.map { "; last: \($0)" } ?? ""))
        }
        try await Task.sleep(for: .milliseconds(50))
    }
}
