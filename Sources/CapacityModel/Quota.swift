/// What a tenant may have at most: each limit holds over all sites of the scope together, at every instant of `during`.
package struct Quota: Hashable, Sendable {
    package var name: String
    package var scope: Scope
    package var during: Stretch
    /// At least one; each resource once.
    package var limits: [Limit]

    package init(name: String, scope: Scope = .nationwide, during: Stretch = Stretch(), limits: [Limit]) {
        self.name = name
        self.scope = scope
        self.during = during
        self.limits = limits
    }

    /// `[from, until)`; an end that is not given is open.
    package struct Stretch: Hashable, Sendable {
        package var from: Instant?
        package var until: Instant?

        package init(from: Instant? = nil, until: Instant? = nil) {
            self.from = from
            self.until = until
        }
    }

    /// What is limited. GPUs are of one model, or all together.
    package enum Resource: Hashable, Sendable {
        case vcpu, memory, disk, bandwidth
        case gpu(model: String?)
        case instances

        /// What `count` times `unit` take of it.
        package func amount(of unit: Resources, count: Int = 1) -> Int64 {
            let each: Int64 =
                switch self {
                case .vcpu: unit.vcpuMilli
                case .memory: unit.memoryMiB
                case .disk: unit.diskGiB
                case .bandwidth: unit.bandwidthMbps
                case .gpu(let model): model == nil || unit.gpuModel == nil || unit.gpuModel == model ? unit.gpuMilli : 0
                case .instances: 1
                }
            return each * Int64(count)
        }
    }

    /// The most there may be of one resource: milli-cores, MiB, GiB, Mbps, thousandths of a GPU or instances.
    package struct Limit: Hashable, Sendable {
        package var resource: Resource
        package var amount: Int64

        package init(_ resource: Resource, _ amount: Int64) {
            self.resource = resource
            self.amount = amount
        }
    }
}

extension Resources {
    /// Thousandths of a GPU, whole devices and shares together.
    package var gpuMilli: Int64 { gpuCount * GPUUse.device + gpuShareMilli }
}

/// A quota that would be exceeded: by what, and when most.
package struct QuotaExcess: Hashable, Sendable {
    package var quota: String
    package var limit: Quota.Limit
    /// What the tenant has already at that instant.
    package var inUse: Int64
    /// What was asked for on top of it.
    package var asked: Int64
    /// The worst instant.
    package var at: Instant

    package init(quota: String, limit: Quota.Limit, inUse: Int64, asked: Int64, at: Instant) {
        self.quota = quota
        self.limit = limit
        self.inUse = inUse
        self.asked = asked
        self.at = at
    }
}
