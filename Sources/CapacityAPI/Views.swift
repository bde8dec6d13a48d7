package import CapacityModel

/// The answer to `POST /v1/quotes`: what an order would get and cost now. Nothing is held.
package struct QuoteView: Codable, Sendable, Hashable {
    package var quoteId: String
    package var expiresAt: Instant
    /// How many of the count would be reserved; fewer only under `atLeast` and `bestEffort`; none where all of
    /// it waits.
    package var count: Int
    package var missing: Int
    /// The order's own, or that of the alternative that would be delivered.
    package var spec: SpecView
    package var window: WindowView
    package var plan: PlanView
    /// What would be held against the loss of a site, of an order that asks for it.
    package var spare: SpareView?
    package var price: PriceView
    /// Where it was asked for with `explain=true`.
    package var explanation: QuoteExplanationView?

    package init(
        quoteId: String, expiresAt: Instant, count: Int, missing: Int, spec: SpecView, window: WindowView,
        plan: PlanView, spare: SpareView? = nil, price: PriceView, explanation: QuoteExplanationView? = nil
    ) {
        self.quoteId = quoteId
        self.expiresAt = expiresAt
        self.spec = spec
        self.count = count
        self.missing = missing
        self.window = window
        self.plan = plan
        self.spare = spare
        self.price = price
        self.explanation = explanation
    }
}

/// One thing that binds, in a refusal.
package struct GapView: Codable, Sendable, Hashable {
    package var bound: Gap.Bound
    package var level: SpreadRule.Level?
    package var missing: Int
    package var detail: String

    package init(_ gap: Gap) {
        bound = gap.bound
        level = gap.level
        missing = gap.missing
        detail = gap.detail
    }
}

/// One page of a list. `next` is opaque; absent on the last page.
package struct Page<Item: Codable & Sendable & Hashable>: Codable, Sendable, Hashable {
    package var items: [Item]
    package var next: String?

    package init(items: [Item], next: String?) {
        self.items = items
        self.next = next
    }
}

/// One instance of an order.
package struct InstanceView: Codable, Sendable, Hashable {
    package var id: String
    package var site: String
    package var host: String
    package var province: String
    package var address: String?
    /// How to log in, for kinds that have ssh.
    package var ssh: String?
    package var state: Instance.State
    package var since: Instant
    /// Why it failed, as the engine said it.
    package var message: String?
    /// The GPUs of the host that it is on, by index; absent where its spec has none.
    package var gpuDevices: [Int]?

    package init(
        id: String, site: String, host: String, province: String, address: String?, ssh: String?,
        state: Instance.State, since: Instant, message: String?, gpuDevices: [Int]? = nil
    ) {
        self.id = id
        self.site = site
        self.host = host
        self.province = province
        self.address = address
        self.ssh = ssh
        self.state = state
        self.since = since
        self.message = message
        self.gpuDevices = gpuDevices
    }
}

/// The data of one server-sent event of `GET /v1/orders/{id}/events`; the event's id is `sequence`, its name `kind`.
package struct OrderEventView: Codable, Sendable, Hashable {
    package enum Kind: String, Codable, Sendable, CaseIterable {
        /// Instances moved; `counts` is what they are now.
        case counts
        /// The order moved to `state`; `settled` is the last event of an order.
        case state
    }
    package var sequence: Int64
    package var kind: Kind
    package var at: Instant
    package var state: OrderState
    package var counts: Counts

    package init(sequence: Int64, kind: Kind, at: Instant, state: OrderState, counts: Counts) {
        self.sequence = sequence
        self.kind = kind
        self.at = at
        self.state = state
        self.counts = counts
    }
}

/// A site as operators see it.
package struct SiteView: Codable, Sendable, Hashable {
    package var name: String
    package var province: String
    package var city: String
    package var carrier: Carrier
    package var origin: String
    package var capabilities: [String]
    package var labels: [String: String]
    package var hosts: Int
    /// The agent serving it, when it was last heard of.
    package var agent: String?
    package var agentSeenAt: Instant?
    /// How often its vCPU is sold; 1 is once. Memory, disk, bandwidth and GPUs always are.
    package var vcpuOversell: Double
    /// What is taken off each of its hosts that has no share of its own.
    package var systemShare: HostView.Amounts
    package var state: ServingState
    /// What closes the whole site, now or later.
    package var closures: [ClosureView]

    package init(
        name: String, province: String, city: String, carrier: Carrier, origin: String, capabilities: [String],
        labels: [String: String], hosts: Int, agent: String?, agentSeenAt: Instant?, vcpuOversell: Double = 1,
        systemShare: HostView.Amounts = HostView.Amounts(.zero), state: ServingState = .open,
        closures: [ClosureView] = []
    ) {
        self.name = name
        self.province = province
        self.city = city
        self.carrier = carrier
        self.origin = origin
        self.capabilities = capabilities
        self.labels = labels
        self.hosts = hosts
        self.agent = agent
        self.agentSeenAt = agentSeenAt
        self.vcpuOversell = vcpuOversell
        self.systemShare = systemShare
        self.state = state
        self.closures = closures
    }
}

/// A host as operators see it, with what is free on it now.
package struct HostView: Codable, Sendable, Hashable {
    package struct Amounts: Codable, Sendable, Hashable {
        package var vcpu: Double
        package var memoryMiB: Int64
        package var diskGiB: Int64
        package var bandwidthMbps: Int64
        /// Whole devices and shares together.
        package var gpuCount: Double

        package init(_ resources: Resources) {
            vcpu = Double(resources.vcpuMilli) / 1_000
            memoryMiB = resources.memoryMiB
            diskGiB = resources.diskGiB
            bandwidthMbps = resources.bandwidthMbps
            gpuCount = resources.gpus
        }
    }

    package var name: String
    package var site: String
    package var gpuModel: String?
    /// What it has.
    package var capacity: Amounts
    /// What of it is the system's.
    package var systemShare: Amounts
    /// What of it may be reserved: (capacity - system share) x the site's oversell ratio, of vCPU alone.
    package var allocatable: Amounts
    package var reserved: Amounts
    /// By index, what is reserved of each GPU: 0, 1 or the shares between. Absent of a host without.
    package var gpuReserved: [Double]?
    package var state: ServingState
    /// What closes it, now or later, by itself or with its whole site.
    package var closures: [ClosureView]

    package init(
        name: String, site: String, gpuModel: String?, capacity: Amounts, systemShare: Amounts, allocatable: Amounts,
        reserved: Amounts, gpuReserved: [Double]? = nil, state: ServingState = .open, closures: [ClosureView] = []
    ) {
        self.name = name
        self.site = site
        self.gpuModel = gpuModel
        self.capacity = capacity
        self.systemShare = systemShare
        self.allocatable = allocatable
        self.reserved = reserved
        self.gpuReserved = gpuReserved
        self.state = state
        self.closures = closures
    }
}

/// The answer to a fleet import.
package struct FleetImported: Codable, Sendable, Hashable {
    package var sites: Int
    package var hosts: Int
    package var inventoryVersion: Int64

    package init(sites: Int, hosts: Int, inventoryVersion: Int64) {
        self.sites = sites
        self.hosts = hosts
        self.inventoryVersion = inventoryVersion
    }
}

/// An API key just made. The key itself is shown this once; only its hash is stored.
package struct KeyCreated: Codable, Sendable, Hashable {
    package var key: String
    package var role: String
    package var tenant: String?

    package init(key: String, role: String, tenant: String?) {
        self.key = key
        self.role = role
        self.tenant = tenant
    }
}
