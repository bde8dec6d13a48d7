import CapacityModel

/// A phase as the offline store keeps it. Failures and waits of retries are left out: a new life tries afresh.
struct PhaseColumns: Equatable {
    var phase: String
    var address: String?
    var outcome: String?
    var message: String?
    var code: String?
    /// `killAt` of stopping, `since` of over.
    var micro: Int64?

    init(
        phase: String, address: String? = nil, outcome: String? = nil, message: String? = nil, code: String? = nil,
        micro: Int64? = nil
    ) {
        self.phase = phase
        self.address = address
        self.outcome = outcome
        self.message = message
        self.code = code
        self.micro = micro
    }

    init(_ phase: InstanceMachine.Phase) {
        switch phase {
        case .waiting:
            self.init(phase: "waiting")
        case .starting:
            self.init(phase: "starting")
        case .running(let address):
            self.init(phase: "running", address: address)
        case .stopping(let stopping):
            self.init(phase: "stopping", stopping.outcome, micro: stopping.killAt.microsecondsSinceEpoch)
        case .over(let over):
            self.init(phase: "over", over.outcome, micro: over.since.microsecondsSinceEpoch)
        }
    }

    private init(phase: String, _ outcome: InstanceMachine.Outcome, micro: Int64) {
        switch outcome {
        case .stopped:
            self.init(phase: phase, outcome: "stopped", micro: micro)
        case .failed(let message, let code):
            self.init(phase: phase, outcome: "failed", message: message, code: code?.rawValue, micro: micro)
        }
    }

    /// The phase these columns keep, or `nil` for columns no agent has written.
    var value: InstanceMachine.Phase? {
        let code = code.flatMap { Instance.FailureCode(rawValue: $0) }
        let outcome: InstanceMachine.Outcome = outcome == "failed" ? .failed(message ?? "", code: code) : .stopped
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
}
