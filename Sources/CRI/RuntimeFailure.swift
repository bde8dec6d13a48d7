import GRPCCore

/// Why a call to the container runtime gave no answer of use.
package enum RuntimeFailure: Error, Equatable, Sendable {
    /// Nobody answers on the socket, or the connection broke. The same call may be made again.
    case unreachable(String)
    /// The runtime did not answer in time. Whether it did the work is not known: look before trying again.
    case late(String)
    /// What the call named does not exist.
    case missing(String)
    /// The runtime said no. The same call would be refused again.
    case refused(String)
}

extension RuntimeFailure {
    /// The failure that `error` of the call named `call` stands for.
    init(_ error: any Error, during call: String) {
        guard let error = error as? RPCError else {
            self = .unreachable("\(call): \(error)")
            return
        }
        let text = "\(call): \(error.message)"
        switch error.code {
        case .unavailable, .cancelled: self = .unreachable(text)
        case .deadlineExceeded: self = .late(text)
        case .notFound: self = .missing(text)
        default: self = .refused(text)
        }
    }
}

extension RuntimeFailure {
    /// Whether this answer to `PullImage` says for certain that there is no such image to be had.
    ///
    /// The runtime says `not found` of a name only when every registry it asked has answered so; of contents, layers
    /// and platforms it says it too, and that may be different on the next machine. Large registries do not tell a
    /// repository they have not from one they hide, and images are pulled without credentials, so hidden is as good as
    /// none.
    package var saysNoSuchImage: Bool {
        switch self {
        case .missing(let text): text.contains("failed to resolve reference")
        case .refused(let text): text.contains("pull access denied, repository does not exist")
        case .unreachable, .late: false
        }
    }
}

extension RuntimeFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreachable(let text), .late(let text), .missing(let text), .refused(let text): text
        }
    }
}
