package import CapacityModel
import FoundationEssentials
import Postgres

/// A tenant's quota and what is in use under it.
package struct QuotaRecord: Hashable, Sendable {
    package var tenant: String
    package var quota: Quota
    package var revision: Int64
    package var changedAt: CapacityModel.Instant
    /// One for each of the quota's limits, in their order.
    package var uses: [QuotaUse]
}

/// What the live reservations take under one limit within a stretch of time.
package struct QuotaUse: Hashable, Sendable {
    package var limit: Quota.Limit
    /// When the stretch begins.
    package var first: Int64
    /// At the most, and when first so much; no instant where it is nothing.
    package var peak: Int64
    package var peakAt: CapacityModel.Instant?

    package init(limit: Quota.Limit, first: Int64, peak: Int64, peakAt: CapacityModel.Instant?) {
        self.limit = limit
        self.first = first
        self.peak = peak
        self.peakAt = peakAt
    }
}

extension Quota.Resource {
    /// What `quota_limit` calls it; its model is a column of its own.
    var column: String {
        switch self {
        case .vcpu: "vcpu_milli"
        case .memory: "memory_mib"
        case .disk: "disk_gib"
        case .bandwidth: "bandwidth_mbps"
        case .gpu: "gpu_milli"
        case .instances: "instance_count"
        }
    }

    var model: String? {
        if case .gpu(let model) = self { model } else { nil }
    }

    init?(column: String, model: String?) {
        let all: [Quota.Resource] = [.vcpu, .memory, .disk, .bandwidth, .gpu(model: model), .instances]
        guard let resource = all.first(where: { $0.column == column }) else { return nil }
        self = resource
    }
}

extension QuotaUse {
    /// A row of `muster.quota_use`.
    init(_ row: Row) throws {
        let column = try row.text("resource")
        guard let resource = Quota.Resource(column: column, model: try row.textIfAny("gpu_model")) else {
            throw PostgresError(kind: .decoding, message: "column resource: '\(column)' is no resource of a quota")
        }
        self.init(
            limit: Quota.Limit(resource, try row.int64("limit_amount")), first: try row.int64("used_first"),
            peak: try row.int64("peak"), peakAt: try row.instantIfAny("peak_at")
        )
    }
}

extension QuotaExcess {
    /// The detail that `muster.refuse_quota_excess` raises.
    private struct Detail: Decodable {
        var quota: String
        var resource: String
        var gpuModel: String?
        var limit: Int64
        var inUse: Int64
        var asked: Int64
        var atMicroseconds: Int64
    }

    /// What the database refused; `nil` where its error is none of ours.
    init?(refusal error: PostgresError) {
        // A detail that cannot be read leaves the error what it is, for a person to look at.
        guard let text = error.detail, let detail = try? JSONDecoder().decode(Detail.self, from: Data(text.utf8)),
            let resource = Quota.Resource(column: detail.resource, model: detail.gpuModel)
        else { return nil }
        self.init(
            quota: detail.quota, limit: Quota.Limit(resource, detail.limit), inUse: detail.inUse, asked: detail.asked,
            at: CapacityModel.Instant(microsecondsSinceEpoch: detail.atMicroseconds)
        )
    }
}
