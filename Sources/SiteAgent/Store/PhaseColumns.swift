import CapacityModel

/// A phase as the offline store keeps it. Failures and waits of retries are left out: a new life tries afresh.
struct PhaseColumns: Equatable {
    var phase: String
    var address: String?
    var outcome: String?
    var message: String?
    /// `killAt` of stopping, `since` of over.
    var micro: Int64?

    init(phase: String, address: String?, outcome: String?, message: String?, micro: Int64?) {
        self.phase = phase
        self.address = address
        self.outcome = outcome
        self.message = message
        self.micro = micro
    }

    init(_ phase: InstanceMachine.Phase) {
        switch phase {
        case .waiting:
            self.init(phase: "waiting", address: nil, outcome: nil, message: nil, micro: nil)
        case .starting:
            self.init(phase: "starting", address: nil, outcome: nil, message: nil, micro: nil)
        case .running(let address):
            self.init(phase: "running", address: address, outcome: nil, message: nil, micro: nil)
        case .stopping(let stopping):
            let (outcome, message) = Self.columns(stopping.outcome)
            let micro = stopping.killAt.microsecondsSinceEpoch
            self.init(phase: "stopping", address: nil, outcome: outcome, message: message, micro: micro)
        case .over(let over):
            let (outcome, message) = Self.columns(over.outcome)
            let micro = over.since.microsecondsSinceEpoch
            self.init(phase: "over", address: nil, outcome: outcome, message: message, micro: micro)
        }
    }

    /// The phase these columns keep, or `nil` for columns no agent has written.
    var value: InstanceMachine.Phase? {
        let outcome: InstanceMachine.Outcome = outcome == "failed" ? .failed(message ?? "") : .stopped
        let instant = micro.map(Instant.init(microsecondsSinceEpoch:))
        switch (phase, instant) {
        case ("waiting", _): return .waiting
        case ("starting", _): return .starting(.init())
        case ("running", _): return .running(address: address)
        case ("stopping", let killAt?): return .stopping(.init(outcome: outcome, killAt: killAt))
        case ("over", let since?): return .over(.init(outcome: outcome, since: since))
        default: return nil
        }
    }

    private static func columns(_ outcome: InstanceMachine.Outcome) -> (String, String?) {
        switch outcome {
        case .stopped: ("stopped", nil)
        case .failed(let message): ("failed", message)
        }
    }
}
