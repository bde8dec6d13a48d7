package import CapacityModel

/// A tenant's quota as `GET /v1/tenants/{tenant}/quotas/{quota}` shows it.
package struct QuotaView: Codable, Sendable, Hashable {
    package var tenant: String
    package var name: String
    package var scope: Scope
    /// `[from, until)`; an end that is absent is open.
    package var from: Instant?
    package var until: Instant?
    package var limits: [LimitView]
    package var revision: Int64
    package var changedAt: Instant

    package init(
        tenant: String, name: String, scope: Scope, from: Instant?, until: Instant?, limits: [LimitView],
        revision: Int64,
        changedAt: Instant
    ) {
        self.tenant = tenant
        self.name = name
        self.scope = scope
        self.from = from
        self.until = until
        self.limits = limits
        self.revision = revision
        self.changedAt = changedAt
    }

    /// One limit and what is in use under it, in the unit of its resource.
    package struct LimitView: Codable, Sendable, Hashable {
        package var resource: QuotaResource
        package var gpuModel: String?
        package var limit: Double
        package var usedNow: Double
        /// The most there will be from now on by what is reserved, and when first so much.
        package var peakAhead: Double
        package var peakAt: Instant?

        package init(_ limit: Quota.Limit, usedNow: Int64, peakAhead: Int64, peakAt: Instant?) {
            resource = QuotaResource(limit.resource)
            gpuModel = limit.resource.gpuModel
            self.limit = limit.resource.shown(limit.amount)
            self.usedNow = limit.resource.shown(usedNow)
            self.peakAhead = limit.resource.shown(peakAhead)
            self.peakAt = peakAt
        }
    }
}

/// All quotas of one tenant; there are few, so they come on one page.
package struct QuotaList: Codable, Sendable, Hashable {
    package var items: [QuotaView]

    package init(items: [QuotaView]) { self.items = items }
}

/// The quota a problem is about: its limit, what is in use at the worst instant, and what was asked for on top of it.
package struct QuotaExcessView: Codable, Sendable, Hashable {
    package var name: String
    package var resource: QuotaResource
    package var gpuModel: String?
    package var limit: Double
    package var inUse: Double
    package var asked: Double
    package var at: Instant

    package init(_ excess: QuotaExcess) {
        let resource = excess.limit.resource
        name = excess.quota
        self.resource = QuotaResource(resource)
        gpuModel = resource.gpuModel
        limit = resource.shown(excess.limit.amount)
        inUse = resource.shown(excess.inUse)
        asked = resource.shown(excess.asked)
        at = excess.at
    }
}

/// What a limit is of, by the name its amount has in an order.
package enum QuotaResource: String, CaseIterable, Codable, Sendable {
    case vcpu, memoryMiB, diskGiB, bandwidthMbps, gpu, instances

    init(_ resource: Quota.Resource) {
        self =
            switch resource {
            case .vcpu: .vcpu
            case .memory: .memoryMiB
            case .disk: .diskGiB
            case .bandwidth: .bandwidthMbps
            case .gpu: .gpu
            case .instances: .instances
            }
    }
}

extension Quota.Resource {
    fileprivate var gpuModel: String? {
        if case .gpu(let model) = self { model } else { nil }
    }

    /// An amount as people write it: cores and GPUs with their fractions.
    fileprivate func shown(_ amount: Int64) -> Double {
        switch self {
        case .vcpu, .gpu: Double(amount) / 1_000
        case .memory, .disk, .bandwidth, .instances: Double(amount)
        }
    }
}
