/// What a customer asks for, checked: every limit below has been held against it by the reader that made it.
package struct OrderRequest: Hashable, Sendable, Codable {
    package var name: String?
    package var spec: Spec
    package var count: Int
    package var scope: Scope
    package var timing: Timing
    package var spread: [SpreadRule]
    package var fulfilment: Fulfilment
    package var release: ReleasePolicy
    package var prefer: Preference?
    /// Whom its instances stand with, and whom apart from; `nil` for nobody, as in quotes of releases that knew of none.
    package var affinities: [OrderAffinity]?
    /// What it survives without falling below its count; `nil` for nothing, as in quotes of releases that knew of none.
    package var survive: Survival?

    package init(
        name: String? = nil,
        spec: Spec,
        count: Int,
        scope: Scope = .nationwide,
        timing: Timing,
        spread: [SpreadRule] = [],
        fulfilment: Fulfilment = .allOrNothing,
        release: ReleasePolicy = ReleasePolicy(),
        prefer: Preference? = nil,
        affinities: [OrderAffinity]? = nil,
        survive: Survival? = nil
    ) {
        self.name = name
        self.spec = spec
        self.count = count
        self.scope = scope
        self.timing = timing
        self.spread = spread
        self.fulfilment = fulfilment
        self.release = release
        self.prefer = prefer
        self.affinities = affinities
        self.survive = survive
    }

    /// When: a start, or now, and a length in whole seconds.
    package struct Timing: Hashable, Sendable, Codable {
        /// `nil` means now, which is the second in which the order is answered.
        package var start: Instant?
        package var duration: Duration
        /// How long before the start instances may be started, so that they are ready at it.
        package var lead: Duration

        package init(start: Instant? = nil, duration: Duration, lead: Duration = .zero) {
            self.start = start
            self.duration = duration
            self.lead = lead
        }

        /// The customer's window when the question is asked at `now`.
        package func window(at now: Instant) -> Window {
            Window(start: start ?? now.wholeSecond, duration: duration)
        }
    }

    /// How an instance is stopped.
    package struct ReleasePolicy: Hashable, Sendable, Codable {
        /// From the stop signal at the window's end to the kill.
        package var grace: Duration
        package init(grace: Duration = .seconds(30)) { self.grace = grace }
    }

    /// What the ledger takes for `window`: with the lead before it and the grace after it.
    package func held(for window: Window) -> Window {
        window.extended(lead: timing.lead, grace: release.grace)
    }
}

/// The size and kind of one instance.
package struct Spec: Hashable, Sendable, Codable {
    package enum Kind: String, CaseIterable, Sendable, Codable {
        case container, rich, vm
    }

    package var kind: Kind
    package var resources: Resources
    package var image: String
    package var command: [String]
    package var environment: [String: String]

    package init(
        kind: Kind = .container,
        resources: Resources,
        image: String,
        command: [String] = [],
        environment: [String: String] = [:]
    ) {
        self.kind = kind
        self.resources = resources
        self.image = image
        self.command = command
        self.environment = environment
    }
}

/// What to do when not everything can be had.
package struct Fulfilment: Hashable, Sendable, Codable {
    package enum Policy: String, CaseIterable, Sendable, Codable {
        case allOrNothing, atLeast, bestEffort
    }

    package var policy: Policy
    /// Under `atLeast`: fewer than this is a refusal.
    package var minCount: Int?
    /// How long after the order missing instances are still looked for.
    package var deadline: Duration?
    /// Whether what is missing waits for freed capacity until the deadline.
    package var topUp: Bool

    package init(policy: Policy, minCount: Int? = nil, deadline: Duration? = nil, topUp: Bool = false) {
        self.policy = policy
        self.minCount = minCount
        self.deadline = deadline
        self.topUp = topUp
    }

    package static let allOrNothing = Fulfilment(policy: .allOrNothing)

    /// The fewest instances that are an acceptable answer to an order of `count`: none, where the customer takes what there
    /// is and waits for the rest.
    package func leastAcceptable(of count: Int) -> Int {
        switch policy {
        case .allOrNothing: count
        case .atLeast: minCount ?? count
        case .bestEffort: topUp ? 0 : 1
        }
    }
}
