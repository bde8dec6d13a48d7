package import CapacityAPI
package import CapacityModel

/// Decides what happens to one instance. Knows nothing of engines, sockets, files or clocks.
///
///     waiting ──startAt──▶ starting ──started──▶ running
///        │                  │ │  ▲ │               │ │
///        │        end, stop │ │  └─┘ unreachable   │ │ vanished
///        │                  ▼ ▼ refused   end, stop▼ ▼
///        └──end, stop──▶  stopping ────gone────▶  over ──later──▶ forgotten
///
/// `stopping` ends only when the engine promised that nothing is left; only then `stopped` or `failed` is reported.
package struct InstanceMachine: Equatable, Sendable {
    /// What the agent shall do next. The order within one event's actions is kept.
    package enum Action: Equatable, Sendable {
        case start
        /// Signal now; whatever still runs at `killAt` is killed.
        case stop(killAt: Instant)
        case report(AgentWire.Observation)
        /// Nobody will ask about this instance again.
        case forget
    }

    /// How the instance ends, or ended.
    package enum Outcome: Equatable, Sendable {
        case stopped
        /// With what was found wrong for certain, if anything was.
        case failed(String, code: Instance.FailureCode? = nil)
    }

    package struct Starting: Equatable, Sendable {
        package var failures = 0
        /// When the engine is asked again; `nil` while it is at work.
        package var retryAt: Instant?
        /// Whether an earlier start may have left something that must be cleared away first.
        package var mayHaveLeft = false
    }

    package struct Stopping: Equatable, Sendable {
        package var outcome: Outcome
        package var killAt: Instant
        package var failures = 0
        /// When the engine is asked again; `nil` while it is at work.
        package var retryAt: Instant?
    }

    package struct Over: Equatable, Sendable {
        package var outcome: Outcome
        package var since: Instant
    }

    package enum Phase: Equatable, Sendable {
        case waiting
        case starting(Starting)
        case running(address: String?)
        case stopping(Stopping)
        case over(Over)
    }

    /// How long an instance that is over is remembered, so that an answer overtaken on the way starts nothing twice.
    package static let memory = Duration.seconds(600)
    /// The most text of a failure that travels to the centre.
    package static let messageLimitBytes = 1_024

    package private(set) var assignment: AgentWire.Assignment
    /// Whether the engine had the instance and nobody said why: the assignment is made up from its labels.
    package private(set) var isProvisional: Bool
    package private(set) var phase: Phase

    /// An instance the centre asks for.
    package init(_ assignment: AgentWire.Assignment) {
        self.assignment = assignment
        self.isProvisional = false
        self.phase = .waiting
    }

    /// An instance as an earlier life of the agent stored it.
    package init(_ assignment: AgentWire.Assignment, restored phase: Phase) {
        self.assignment = assignment
        self.isProvisional = false
        self.phase = phase
    }

    /// An instance the engine has and the agent has no record of. It keeps running until the centre has been asked,
    /// or until the end its label tells.
    package init(orphan existing: Existing) {
        self.assignment = AgentWire.Assignment(
            sequence: 0, instance: existing.instance, order: existing.order, host: "", epoch: existing.epoch,
            desire: .run, startAt: existing.endAt, endAt: existing.endAt, graceSeconds: existing.graceSeconds,
            image: "", command: [], environment: [:], vcpuMilli: 0, memoryMiB: 0
        )
        self.isProvisional = true
        switch existing.state {
        case .running(let address): self.phase = .running(address: address)
        // The look that found it is handed to `surveyed` next, which clears it away.
        case .broken: self.phase = .running(address: nil)
        }
    }

    /// When `due` wants to be called, if ever.
    package var dueAt: Instant? {
        switch phase {
        case .waiting: min(assignment.startAt, assignment.endAt)
        case .starting(let starting): min(starting.retryAt ?? assignment.endAt, assignment.endAt)
        case .running: assignment.endAt
        case .stopping(let stopping): stopping.retryAt
        case .over(let over): over.since + Self.memory
        }
    }

    private var grace: Duration { .seconds(assignment.graceSeconds) }

    // MARK: The centre

    /// The first word about an instance nobody had heard of.
    ///
    /// What shall not run is stopped through the engine even so: the record may have been lost and the instance not.
    package mutating func arrived(at now: Instant) -> [Action] {
        guard assignment.desire == .run, now < assignment.endAt else {
            return stop(.stopped, killAt: now)
        }
        return due(at: now)
    }

    /// The centre's word about an instance that is known. An epoch no higher than the known one is an echo.
    package mutating func assigned(_ next: AgentWire.Assignment, at now: Instant) -> [Action] {
        guard next.epoch > assignment.epoch || (isProvisional && next.epoch == assignment.epoch) else { return [] }
        assignment = next
        isProvisional = false
        switch (phase, next.desire) {
        case (.waiting, .stop):
            return end(.stopped, at: now)
        case (.starting, .stop), (.running, .stop):
            return stop(.stopped, killAt: min(now + grace, max(now, next.endAt + grace)))
        // What was said under the old epoch may have come too late and been refused: it is said again under the new one.
        case (.running(let address), .run):
            return [.report(observation(.ready, at: now, address: address))] + due(at: now)
        case (.starting, .run):
            return [.report(observation(.starting, at: now))] + due(at: now)
        case (.waiting, .run):
            return due(at: now)
        case (.stopping, _):
            return []
        case (.over(let over), _):
            return [.report(conclusion(over.outcome, at: over.since))]
        }
    }

    /// The centre listed all it knows, and this was not among it.
    package mutating func disowned(at now: Instant) -> [Action] {
        guard isProvisional else { return [] }
        isProvisional = false
        guard case .running = phase else { return [] }
        return stop(.stopped, killAt: now + grace)
    }

    // MARK: Time

    /// Time has come, or may have: does what is due at `now` and nothing else.
    package mutating func due(at now: Instant) -> [Action] {
        let killAt = assignment.endAt + grace
        switch phase {
        case .waiting:
            if now >= assignment.endAt { return end(.stopped, at: now) }
            guard now >= assignment.startAt else { return [] }
            phase = .starting(Starting())
            return [.report(observation(.starting, at: now)), .start]
        case .starting(var starting):
            if now >= assignment.endAt { return stop(.stopped, killAt: killAt) }
            guard let retryAt = starting.retryAt, now >= retryAt else { return [] }
            starting.retryAt = nil
            phase = .starting(starting)
            return [.start]
        case .running:
            return now >= assignment.endAt ? stop(.stopped, killAt: killAt) : []
        case .stopping(var stopping):
            guard let retryAt = stopping.retryAt, now >= retryAt else { return [] }
            stopping.retryAt = nil
            phase = .stopping(stopping)
            return [.stop(killAt: stopping.killAt)]
        case .over(let over):
            return now >= over.since + Self.memory ? [.forget] : []
        }
    }
}

extension InstanceMachine {
    // MARK: The engine

    package mutating func started(address: String?, at now: Instant) -> [Action] {
        guard case .starting = phase else { return [] }
        phase = .running(address: address)
        return [.report(observation(.ready, at: now, address: address))] + due(at: now)
    }

    /// The start came to nothing. An engine that is away is asked again; what it refused is cleared away first and
    /// reported then.
    package mutating func startFailed(_ failure: EngineFailure, at now: Instant) -> [Action] {
        guard case .starting(var starting) = phase else { return [] }
        switch failure {
        case .unreachable:
            starting.failures += 1
            starting.mayHaveLeft = true
            starting.retryAt = now + Backoff.engine.ceiling(afterFailures: starting.failures)
            phase = .starting(starting)
            return []
        case .refused(let message):
            return stop(.failed(message), killAt: now)
        case .imageNotFound(let message):
            return stop(.failed(message, code: .imageNotFound), killAt: now)
        }
    }

    /// The engine promised that nothing is left.
    package mutating func gone(at now: Instant) -> [Action] {
        guard case .stopping(let stopping) = phase else { return [] }
        return end(stopping.outcome, at: now)
    }

    /// The instance was told to stop and still runs: nothing more until its grace is over.
    package mutating func lingers(at now: Instant) -> [Action] {
        guard case .stopping(var stopping) = phase else { return [] }
        stopping.retryAt = max(stopping.killAt, now + Backoff.engine.first)
        phase = .stopping(stopping)
        return []
    }

    package mutating func stopFailed(at now: Instant) -> [Action] {
        guard case .stopping(var stopping) = phase else { return [] }
        stopping.failures += 1
        stopping.retryAt = now + Backoff.engine.ceiling(afterFailures: stopping.failures)
        phase = .stopping(stopping)
        return []
    }

    // MARK: Looking

    /// The agent has a new life, and this is what the engine has of the instance; `nil` means nothing.
    package mutating func resumed(_ found: Existing.State?, at now: Instant) -> [Action] {
        switch phase {
        case .waiting, .over:
            return surveyed(found, at: now) + due(at: now)
        case .starting:
            if case .running(let address) = found { return started(address: address, at: now) }
            // The order to start may have been lost with the life that gave it. The engine clears up what it finds.
            guard now < assignment.endAt else { return due(at: now) }
            phase = .starting(Starting(mayHaveLeft: true))
            return [.start]
        case .running:
            let actions = surveyed(found, at: now)
            return actions.isEmpty ? due(at: now) : actions
        case .stopping(var stopping):
            stopping.retryAt = nil
            phase = .stopping(stopping)
            return [.stop(killAt: stopping.killAt)]
        }
    }

    /// A look at the engine, taken while nothing was under way for this instance.
    package mutating func surveyed(_ found: Existing.State?, at now: Instant) -> [Action] {
        switch (phase, found) {
        case (.running, nil):
            return end(.failed("the instance is gone and nobody stopped it"), at: now)
        case (.running, .broken(let message)):
            return stop(.failed(message), killAt: now)
        case (.running, .running):
            return []
        case (.over, .some):
            // A start given up as lost came true after all. What was reported stays as it was.
            return [.stop(killAt: now)]
        case (.waiting, _), (.starting, _), (.stopping, _), (.over, nil):
            return []
        }
    }

    // MARK: How it does it

    private mutating func stop(_ outcome: Outcome, killAt: Instant) -> [Action] {
        phase = .stopping(Stopping(outcome: outcome, killAt: killAt))
        return [.stop(killAt: killAt)]
    }

    private mutating func end(_ outcome: Outcome, at now: Instant) -> [Action] {
        phase = .over(Over(outcome: outcome, since: now))
        return [.report(conclusion(outcome, at: now))]
    }

    private func conclusion(_ outcome: Outcome, at instant: Instant) -> AgentWire.Observation {
        switch outcome {
        case .stopped: observation(.stopped, at: instant)
        case .failed(let message, let code): observation(.failed, at: instant, message: message, code: code)
        }
    }

    private func observation(
        _ state: AgentWire.Observation.State,
        at instant: Instant,
        address: String? = nil,
        message: String? = nil,
        code: Instance.FailureCode? = nil
    ) -> AgentWire.Observation {
        AgentWire.Observation(
            instance: assignment.instance, epoch: assignment.epoch, state: state, at: instant, address: address,
            message: message?.cut(toBytes: Self.messageLimitBytes),
            code: code?.rawValue
        )
    }
}
