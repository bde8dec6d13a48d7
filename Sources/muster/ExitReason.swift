import CapacityAPI

/// What the exit status of a command says. Numbers are never reused.
enum ExitReason: Int32, CaseIterable {
    case ok = 0
    case refused = 1
    case invalid = 2
    case notFound = 3
    case denied = 4
    case unavailable = 5
    case fellShort = 6

    var meaning: String {
        switch self {
        case .ok: "done"
        case .refused: "refused: capacity, spread, quota, or a quote, order or job has changed"
        case .invalid: "the command line or the request is not valid"
        case .notFound: "no such order, site, address or job"
        case .denied: "the API key is missing, wrong, or may not do this"
        case .unavailable: "the service or the database cannot be reached, or cannot answer"
        case .fellShort: "what was waited for did not happen, or not to the full count"
        }
    }

    static var help: String {
        let lines = allCases.map { "  \($0.rawValue)  \($0.meaning)" }
        return "Exit status:\n\n" + lines.joined(separator: "\n")
    }
}

extension ExitReason {
    init(_ kind: Problem.Kind) {
        self =
            switch kind {
            case .insufficientCapacity, .spreadUnsatisfiable, .quoteStale, .quotaExceeded, .preconditionFailed,
                .conflict:
                .refused
            case .invalidOrder, .windowInPast, .idempotencyKeyReused, .bodyTooLarge, .methodNotAllowed,
                .unsupportedMediaType:
                .invalid
            case .notFound: .notFound
            case .unauthenticated, .forbidden: .denied
            case .tooManyRequests, .unavailable, .internal: .unavailable
            }
    }

    /// For answers that are no problem document, such as a proxy's.
    init(httpStatus: Int) {
        self =
            switch httpStatus {
            case 401, 403: .denied
            case 404: .notFound
            case 409, 412: .refused
            case 408, 429, 500...599: .unavailable
            default: .invalid
            }
    }
}
