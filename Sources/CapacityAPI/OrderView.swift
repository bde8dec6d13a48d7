package import CapacityModel

/// An order as `GET /v1/orders/{id}` shows it.
package struct OrderView: Codable, Sendable, Hashable {
    package var id: String
    package var name: String?
    package var state: OrderState
    package var createdAt: Instant
    /// Set when the customer cancelled it; its window then ends at that instant.
    package var cancelledAt: Instant?
    /// Grows with every change of terms; also the `ETag`, which `If-Match` is held against.
    package var revision: Int64
    package var count: Int
    package var spec: SpecView
    package var scope: Scope
    package var window: WindowView
    package var spread: [SpreadRule]
    package var fulfilment: FulfilmentView
    package var release: ReleaseView
    package var delivery: DeliveryView
    package var prefer: Preference?
    package var affinity: [AffinityView]?
    package var antiAffinity: [AffinityView]?
    package var survive: Survival?
    package var counts: Counts
    package var plan: PlanView
    /// What is held now against the loss of a site, of an order that asks for it.
    package var spare: SpareView?
    package var price: PriceView
    /// Why the order was given up after it had been accepted: the refusal it would have got, had this been known.
    package var problem: Problem?
    /// The reservation it was drawn from, if it was.
    package var reservationId: String?

    package init(
        id: String, name: String?, state: OrderState, createdAt: Instant, cancelledAt: Instant?, revision: Int64,
        count: Int, spec: SpecView, scope: Scope, window: WindowView, spread: [SpreadRule],
        fulfilment: FulfilmentView, release: ReleaseView, delivery: DeliveryView,
        prefer: Preference? = nil, affinities: [OrderAffinity]? = nil, survive: Survival? = nil, counts: Counts,
        plan: PlanView, spare: SpareView? = nil, price: PriceView, problem: Problem? = nil, reservationId: String? = nil
    ) {
        self.id = id
        self.name = name
        self.state = state
        self.createdAt = createdAt
        self.cancelledAt = cancelledAt
        self.revision = revision
        self.count = count
        self.spec = spec
        self.scope = scope
        self.window = window
        self.spread = spread
        self.fulfilment = fulfilment
        self.release = release
        self.delivery = delivery
        self.prefer = prefer
        affinity = AffinityView.list(affinities, .together)
        antiAffinity = AffinityView.list(affinities, .apart)
        self.survive = survive
        self.counts = counts
        self.plan = plan
        self.spare = spare
        self.price = price
        self.problem = problem
        self.reservationId = reservationId
    }
}

package struct SpecView: Codable, Sendable, Hashable {
    package struct GPU: Codable, Sendable, Hashable {
        package var model: String
        /// Whole devices, or the share of one.
        package var count: Double
    }

    package var kind: Spec.Kind
    package var vcpu: Double
    package var memoryMiB: Int64
    package var diskGiB: Int64
    package var bandwidthMbps: Int64
    package var gpu: GPU?
    package var image: String
    package var command: [String]
    package var environment: [String: String]

    package init(_ spec: Spec) {
        kind = spec.kind
        vcpu = Double(spec.resources.vcpuMilli) / 1_000
        memoryMiB = spec.resources.memoryMiB
        diskGiB = spec.resources.diskGiB
        bandwidthMbps = spec.resources.bandwidthMbps
        gpu = spec.resources.gpuModel.map { GPU(model: $0, count: spec.resources.gpus) }
        image = spec.image
        command = spec.command
        environment = spec.environment
    }
}

package struct WindowView: Codable, Sendable, Hashable {
    package var start: Instant
    package var end: Instant
    /// ISO 8601.
    package var duration: String

    package init(_ window: Window) {
        start = window.start
        end = window.end
        duration = window.duration.iso8601
    }
}

package struct FulfilmentView: Codable, Sendable, Hashable {
    package var policy: Fulfilment.Policy
    package var minCount: Int?
    package var deadline: String?
    package var topUp: Bool

    package init(_ fulfilment: Fulfilment) {
        policy = fulfilment.policy
        minCount = fulfilment.minCount
        deadline = fulfilment.deadline?.iso8601
        topUp = fulfilment.topUp
    }
}

package struct ReleaseView: Codable, Sendable, Hashable {
    package var grace: String
    package init(grace: Duration) { self.grace = grace.iso8601 }
}

package struct DeliveryView: Codable, Sendable, Hashable {
    package var lead: String
    package init(lead: Duration) { self.lead = lead.iso8601 }
}

/// `requested = reserved + waiting + refused`, and `reserved` is the sum over `instances`.
package struct Counts: Codable, Sendable, Hashable {
    package var requested: Int
    package var reserved: Int
    package var waiting: Int
    package var refused: Int
    /// By state; `failed` ones are over and stand in `failed` below, not here.
    package var instances: InstanceCounts
    /// How many instances failed so far, replaced or not.
    package var failed: Int

    package init(requested: Int, waiting: Int, refused: Int, instances: InstanceCounts, failed: Int) {
        self.requested = requested
        self.reserved = instances.total
        self.waiting = waiting
        self.refused = refused
        self.instances = instances
        self.failed = failed
    }
}

package struct InstanceCounts: Codable, Sendable, Hashable {
    package var planned: Int
    package var assigned: Int
    package var starting: Int
    package var ready: Int
    package var releasing: Int
    package var released: Int

    package init(
        planned: Int = 0, assigned: Int = 0, starting: Int = 0, ready: Int = 0, releasing: Int = 0, released: Int = 0
    ) {
        self.planned = planned
        self.assigned = assigned
        self.starting = starting
        self.ready = ready
        self.releasing = releasing
        self.released = released
    }

    package var total: Int { planned + assigned + starting + ready + releasing + released }
}

package struct PlanView: Codable, Sendable, Hashable {
    package struct Group: Codable, Sendable, Hashable {
        package var site: String
        package var host: String
        package var province: String
        package var city: String
        package var carrier: Carrier
        package var count: Int
        /// The GPUs of the host that each of the count is on, by index.
        package var gpuDevices: [Int]?

        package init(
            site: String, host: String, province: String, city: String, carrier: Carrier, count: Int,
            gpuDevices: [Int]? = nil
        ) {
            self.site = site
            self.host = host
            self.province = province
            self.city = city
            self.carrier = carrier
            self.count = count
            self.gpuDevices = gpuDevices
        }
    }

    /// How many different sites, provinces and hosts the groups name.
    package var sites: Int
    package var provinces: Int
    package var hosts: Int
    package var groups: [Group]
    /// Relaxable spread rules the plan could not keep.
    package var relaxed: [RelaxedRule]
    /// Relaxable affinities the plan could not keep; absent where it kept all.
    package var relaxedAffinity: [AffinityView]?
    package var relaxedAntiAffinity: [AffinityView]?

    package init(groups: [Group], relaxed: [RelaxedRule], unkept: [OrderAffinity] = []) {
        self.groups = groups
        self.relaxed = relaxed
        relaxedAffinity = AffinityView.list(unkept, .together)
        relaxedAntiAffinity = AffinityView.list(unkept, .apart)
        sites = Set(groups.map(\.site)).count
        provinces = Set(groups.map(\.province)).count
        hosts = Set(groups.map(\.host)).count
    }
}

package struct PriceView: Codable, Sendable, Hashable {
    package struct Line: Codable, Sendable, Hashable {
        package var area: Area
        package var count: Int
        package var instanceSeconds: Int64
        /// What one instance costs an hour in this area, in micro-units.
        package var instanceHourMicro: Int64
        package var amountMicro: Int64

        package init(area: Area, count: Int, instanceSeconds: Int64, instanceHourMicro: Int64, amountMicro: Int64) {
            self.area = area
            self.count = count
            self.instanceSeconds = instanceSeconds
            self.instanceHourMicro = instanceHourMicro
            self.amountMicro = amountMicro
        }
    }

    package var currency: String
    package var amountMicro: Int64
    package var lines: [Line]

    package init(currency: String, lines: [Line]) {
        self.currency = currency
        self.lines = lines
        amountMicro = lines.reduce(0) { $0 + $1.amountMicro }
    }
}
