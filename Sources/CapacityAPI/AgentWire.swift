package import CapacityModel

/// What agent and centre say to each other. One namespace, so that no wire type is taken for a stored one.
package enum AgentWire {
    /// `POST /agent/v1/join`: which sites this agent serves.
    package struct Join: Codable, Sendable, Hashable {
        package var agent: String
        /// Site names; empty means all sites its key may serve.
        package var sites: [String]
        package var engine: String

        package init(agent: String, sites: [String], engine: String) {
            self.agent = agent
            self.sites = sites
            self.engine = engine
        }
    }

    package struct Joined: Codable, Sendable, Hashable {
        package struct Site: Codable, Sendable, Hashable {
            package var name: String
            /// The last report sequence the centre has of this site: the agent goes on after it.
            package var reportSequence: Int64
            package init(name: String, reportSequence: Int64) {
                self.name = name
                self.reportSequence = reportSequence
            }
        }
        package var sites: [Site]
        package var now: Instant
        package init(sites: [Site], now: Instant) {
            self.sites = sites
            self.now = now
        }
    }

    /// `POST /agent/v1/sites/{site}/inventory`: what the agent finds running, so that the centre can spot what it does not know.
    package struct Inventory: Codable, Sendable, Hashable {
        package var instances: [String]
        package init(instances: [String]) { self.instances = instances }
    }

    /// What the agent shall do with one instance.
    package enum Desire: String, Codable, Sendable, CaseIterable {
        case run, stop
    }

    /// The GPUs of the host that an instance is on.
    package struct GPUs: Codable, Sendable, Hashable {
        package var model: String
        /// By index on the host.
        package var devices: [Int]
        /// The share of the one device, in thousandths; absent where the devices are the instance's alone.
        package var shareMilli: Int64?

        package init(model: String, devices: [Int], shareMilli: Int64?) {
            self.model = model
            self.devices = devices
            self.shareMilli = shareMilli
        }
    }

    /// One row of `GET /agent/v1/sites/{site}/assignments?after=&wait=`. Enough to release the instance while cut off.
    package struct Assignment: Codable, Sendable, Hashable {
        /// The cursor: rows come in this order, and `after` is the last one seen.
        package var sequence: Int64
        package var instance: String
        package var order: String
        package var host: String
        /// Grows with every change of mind about this instance; reports carry it, and a lower one is refused.
        package var epoch: Int64
        package var desire: Desire
        /// When the instance may be started: the window's start less the lead.
        package var startAt: Instant
        /// The window's end: the stop signal goes out now, whoever can or cannot be reached.
        package var endAt: Instant
        package var graceSeconds: Int64
        package var image: String
        package var command: [String]
        package var environment: [String: String]
        package var vcpuMilli: Int64
        package var memoryMiB: Int64
        /// Absent where the spec has none, and from a centre that knows of none.
        package var gpus: GPUs?

        package init(
            sequence: Int64, instance: String, order: String, host: String, epoch: Int64, desire: Desire,
            startAt: Instant, endAt: Instant, graceSeconds: Int64, image: String, command: [String],
            environment: [String: String], vcpuMilli: Int64, memoryMiB: Int64, gpus: GPUs? = nil
        ) {
            self.sequence = sequence
            self.instance = instance
            self.order = order
            self.host = host
            self.epoch = epoch
            self.desire = desire
            self.startAt = startAt
            self.endAt = endAt
            self.graceSeconds = graceSeconds
            self.image = image
            self.command = command
            self.environment = environment
            self.vcpuMilli = vcpuMilli
            self.memoryMiB = memoryMiB
            self.gpus = gpus
        }
    }

    package struct Assignments: Codable, Sendable, Hashable {
        package var assignments: [Assignment]
        /// The database's time when this was read, for the agent to set its own clock by.
        package var now: Instant
        /// Whether more rows follow at once.
        package var more: Bool
        package init(assignments: [Assignment], now: Instant, more: Bool) {
            self.assignments = assignments
            self.now = now
            self.more = more
        }
    }

    /// One observation of `POST /agent/v1/sites/{site}/reports`.
    package struct Observation: Codable, Sendable, Hashable {
        package enum State: String, Codable, Sendable, CaseIterable {
            /// The engine has been told to make it.
            case starting
            /// It runs and has an address.
            case ready
            /// The engine confirmed that it is gone.
            case stopped
            /// It could not be made or it died; the engine confirmed that nothing of it is left.
            case failed
        }
        package var instance: String
        package var epoch: Int64
        package var state: State
        /// When it happened, by the agent's clock as set by the centre's.
        package var at: Instant
        package var address: String?
        /// Why, for `failed`; at most 1,024 bytes are kept.
        package var message: String?
        /// What was found wrong for certain, for `failed`: the text of an `Instance.FailureCode`. One that the centre
        /// does not know is any failure to it, so that a newer agent's report is still taken.
        package var code: String?

        package init(
            instance: String, epoch: Int64, state: State, at: Instant, address: String? = nil, message: String? = nil,
            code: String? = nil
        ) {
            self.instance = instance
            self.epoch = epoch
            self.state = state
            self.at = at
            self.address = address
            self.message = message
            self.code = code
        }
    }

    package struct Report: Codable, Sendable, Hashable {
        /// One more than the last of this site. A number seen before changes nothing and is answered alike.
        package var sequence: Int64
        package var observations: [Observation]
        package init(sequence: Int64, observations: [Observation]) {
            self.sequence = sequence
            self.observations = observations
        }
    }

    package struct Reported: Codable, Sendable, Hashable {
        /// The last sequence the centre has.
        package var sequence: Int64
        package var now: Instant
        package init(sequence: Int64, now: Instant) {
            self.sequence = sequence
            self.now = now
        }
    }

    /// The most rows in one answer, and the most observations in one report.
    package static let batchLimit = 1_000
    /// The longest a poll may wait, in seconds.
    package static let waitLimitSeconds: Int64 = 30
}
