package import CapacityAPI
package import CapacityModel

/// What really runs instances at a site.
///
/// An engine decides nothing. Every call may be made twice: agents die between a call and its answer.
package protocol Engine: Sendable {
    /// What it is called in logs and when the agent joins.
    var name: String { get }
    /// How many starts and stops it takes at once, over all sites of the process.
    var concurrency: Int { get }

    /// Makes and starts one instance; returns its address, or `nil` for an engine without a network.
    ///
    /// Where it throws, something half made may be left: the caller always calls `stop` before it calls this again
    /// or reports a failure.
    func start(_ assignment: AgentWire.Assignment, at site: String) async throws(EngineFailure) -> String?

    /// Stops what there is of `instance`, if anything. `gone` is a promise: nothing of it is left.
    func stop(_ instance: String, grace: Duration) async throws(EngineFailure) -> Halt

    /// All instances there are, of all sites, running or not.
    func list() async throws(EngineFailure) -> [Existing]

    /// Told once, before anything else, what ran when the agent's last life ended. Only engines need it that keep
    /// instances in the agent's own memory.
    func recall(_ instances: [Existing]) async
}

extension Engine {
    package func recall(_ instances: [Existing]) async {}
}

/// How far a stop has come.
package enum Halt: Equatable, Sendable {
    /// Nothing of the instance is left.
    case gone
    /// It was told to stop and has not yet. Call again when its grace is over.
    case lingering
}

/// Why an engine could not do as told.
package enum EngineFailure: Error, Equatable, Sendable {
    /// The engine itself cannot be reached. It says nothing about the instance.
    case unreachable(String)
    /// The engine tried and could not, or refused.
    case refused(String)
    /// There is no such image to be had, for certain. A registry that did not answer is `refused`.
    case imageNotFound(String)
}

extension EngineFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreachable(let text), .refused(let text), .imageNotFound(let text): text
        }
    }
}

/// An instance an engine has, with what it was labelled when it was made.
package struct Existing: Equatable, Sendable {
    package enum State: Equatable, Sendable {
        case running(address: String?)
        /// Half made, or its program ended; the text says which.
        case broken(String)
    }

    package var instance: String
    package var site: String
    /// Empty where an agent made it that did not say.
    package var host: String
    package var order: String
    package var epoch: Int64
    package var endAt: Instant
    package var graceSeconds: Int64
    /// The GPUs it was told of, if any.
    package var gpus: AgentWire.GPUs?
    package var state: State

    package init(
        instance: String, site: String, host: String, order: String, epoch: Int64, endAt: Instant, graceSeconds: Int64,
        gpus: AgentWire.GPUs?, state: State
    ) {
        self.instance = instance
        self.site = site
        self.host = host
        self.order = order
        self.epoch = epoch
        self.endAt = endAt
        self.graceSeconds = graceSeconds
        self.gpus = gpus
        self.state = state
    }

    /// The instance that `assignment` describes, in `state`.
    package init(_ assignment: AgentWire.Assignment, at site: String, state: State) {
        self.init(
            instance: assignment.instance, site: site, host: assignment.host, order: assignment.order,
            epoch: assignment.epoch, endAt: assignment.endAt, graceSeconds: assignment.graceSeconds,
            gpus: assignment.gpus, state: state
        )
    }
}
