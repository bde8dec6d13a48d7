import CapacityAPI

/// Why a command ends without what it was asked for: the status to exit with and what a person reads.
struct Failure: Error, Equatable, Sendable {
    let status: ExitReason
    /// One sentence.
    let reason: String
    /// The refusal itself, where the service sent one.
    let problem: Problem?
    /// The order that was refused, in whose terms the problem is told.
    var file: OrderFile?
    /// What else there is to say at the end, such as how to go on.
    var note: String?

    init(_ status: ExitReason, _ reason: String, problem: Problem? = nil) {
        self.status = status
        self.reason = reason
        self.problem = problem
    }

    /// An order that was accepted and given up later has the status it would have been refused with.
    init(givenUp order: String, _ problem: Problem) {
        self.init(ExitReason(problem.type), "order \(order) was given up: \(problem.title)", problem: problem)
    }

    /// All of it, as it stands on standard error.
    var text: String {
        let details = problem.map { ProblemText.text($0, file: file) } ?? ""
        return (["error: \(reason)", details, note ?? ""]).filter { !$0.isEmpty }.joined(separator: "\n")
    }
}
