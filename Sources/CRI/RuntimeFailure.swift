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

extension RuntimeFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreachable(let text), .late(let text), .missing(let text), .refused(let text): text
        }
    }
}
