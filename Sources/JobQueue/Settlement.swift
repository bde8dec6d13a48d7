/// What is to be stored about an attempt that ended.
struct Settlement: Sendable, Equatable {
    enum Verdict: Sendable, Equatable {
        case done
        case discarded(reason: String)
        /// The last attempt failed.
        case dead(reason: String)
        /// Failed, to be tried again after the wait.
        case retry(after: Duration, reason: String)
        case snoozed(Duration)
        /// Not run to its end by no fault of the job's: available at once.
        case handedBack
        /// Not run at all by no fault of the job's: to be looked at again after the wait.
        case postponed(Duration)
    }

    let fence: Fence
    let verdict: Verdict
    /// See ``Claim/hastenCount``.
    var hastenCount = 0
}

extension Settlement {
    init(_ claim: Claim, _ verdict: Verdict) {
        self.init(fence: claim.fence, verdict: verdict, hastenCount: claim.hastenCount)
    }
}

extension Settlement.Verdict {
    /// All there are of ``word``.
    static let words = ["done", "discarded", "dead", "failed", "snoozed", "handed_back", "postponed"]

    /// The outcome as metrics name it.
    var word: String {
        switch self {
        case .done: "done"
        case .discarded: "discarded"
        case .dead: "dead"
        case .retry: "failed"
        case .snoozed: "snoozed"
        case .handedBack: "handed_back"
        case .postponed: "postponed"
        }
    }
}

/// A settlement that takes the job out of the hot table.
struct Ending {
    let fence: Fence
    let outcome: String
    let reason: String?

    init?(_ settlement: Settlement) {
        fence = settlement.fence
        switch settlement.verdict {
        case .done: (outcome, reason) = ("done", nil)
        case .discarded(let why): (outcome, reason) = ("discarded", boundedReason(why))
        case .dead(let why): (outcome, reason) = ("dead", boundedReason(why))
        case .retry, .snoozed, .handedBack, .postponed: return nil
        }
    }
}

/// A settlement after which the job waits again.
struct Return {
    /// What a return does to the number of attempts.
    enum Attempts: String {
        /// A failure: one attempt fewer is left.
        case charged
        /// The worker's doing: as if it had not been.
        case refunded
        /// A success: failures are counted in a row, or a periodic job would die of a year's bad moments.
        case forgotten
    }

    /// Whoever asks to wait longer means never, and gets a time that all arithmetic can bear.
    static let longestWait = Duration.seconds(100 * 365 * 86_400)

    let fence: Fence
    let hastenCount: Int
    /// `nil` keeps the job's place among those that wait. Never below nothing nor above ``longestWait``.
    let wait: Duration?
    let reason: String?
    let attempts: Attempts

    init?(_ settlement: Settlement) {
        (fence, hastenCount) = (settlement.fence, settlement.hastenCount)
        let asked: Duration?
        switch settlement.verdict {
        case .retry(let wait, let why): (asked, reason, attempts) = (wait, boundedReason(why), .charged)
        case .snoozed(let wait): (asked, reason, attempts) = (wait, nil, .forgotten)
        case .handedBack: (asked, reason, attempts) = (nil, nil, .refunded)
        case .postponed(let wait): (asked, reason, attempts) = (wait, nil, .refunded)
        case .done, .discarded, .dead: return nil
        }
        wait = asked.map { min(max($0, .zero), Self.longestWait) }
    }
}

/// Longer reasons are cut: the first lines of an error tell what it is. PostgreSQL's text cannot hold NUL.
private func boundedReason(_ reason: String) -> String {
    String(String.UnicodeScalarView(reason.unicodeScalars.prefix(4_000).map { $0 == "\0" ? "\u{FFFD}" : $0 }))
}
