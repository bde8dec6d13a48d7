/// The body of `PATCH /v1/sites/{id}`: what is `nil` stays.
package struct SiteTermsRequest: Hashable, Sendable {
    package var vcpuOversellPermille: Int?
    package var systemShare: SystemShare?

    package static func read(_ body: JSONValue) -> Result<SiteTermsRequest, InvalidBody> {
        FieldReader.readBody(body) { reader in
            let ratio = reader.number("vcpuOversell", in: OrderLimits.oversell)
            let permille = ratio.map { ($0 * 1_000).rounded() }
            if let ratio, let permille, abs(ratio * 1_000 - permille) > 1e-6 {
                reader.report("vcpuOversell", .outOfRange, "in steps of 0.001; found \(ratio)")
            }
            let share = reader.object("systemShare").map(SystemShare.read)
            if !reader.has("vcpuOversell"), !reader.has("systemShare") {
                reader.report("vcpuOversell", .missing, "give 'vcpuOversell', 'systemShare' or both")
            }
            return SiteTermsRequest(vcpuOversellPermille: permille.map { Int($0) }, systemShare: share)
        }
    }
}

/// The body of `PATCH /v1/hosts/{id}`.
package enum HostTermsRequest {
    package static func read(_ body: JSONValue) -> Result<SystemShare, InvalidBody> {
        FieldReader.readBody(body) { reader in reader.object("systemShare", required: true).map(SystemShare.read) }
    }
}

/// What of a host is kept for its system: what is `nil` was left out.
package struct SystemShare: Hashable, Sendable {
    package var vcpuMilli: Int64?
    package var memoryMiB: Int64?
    package var diskGiB: Int64?
    package var bandwidthMbps: Int64?

    static func read(_ reader: FieldReader) -> SystemShare {
        defer { reader.finish() }
        return SystemShare(
            vcpuMilli: reader.number("vcpu", in: OrderLimits.systemVcpu).map { Int64(($0 * 1_000).rounded()) },
            memoryMiB: reader.integer("memoryMiB", in: OrderLimits.systemMemoryMiB),
            diskGiB: reader.integer("diskGiB", in: OrderLimits.diskGiB),
            bandwidthMbps: reader.integer("bandwidthMbps", in: OrderLimits.bandwidthMbps)
        )
    }
}
