package import CapacityModel

/// The body of `PUT /v1/sites/{id}/headrooms/{class}`: how much is protected, and why.
package struct HeadroomRequest: Hashable, Sendable {
    package var size: Headroom.Size
    package var reason: String

    package static func read(_ body: JSONValue) -> Result<HeadroomRequest, InvalidBody> {
        FieldReader.readBody(body) { reader in
            let reason = reader.reason("reason")
            let share = reader.number("share", in: OrderLimits.headroomShare)
            let amounts = reader.object("amounts").map(readAmounts)
            switch (reader.has("share"), reader.has("amounts")) {
            case (false, false): reader.report("share", .missing, "give 'share' or 'amounts'")
            case (true, true): reader.report("amounts", .contradiction, "give 'share' or 'amounts', not both")
            case (true, false), (false, true): break
            }
            let permille = share.map { ($0 * 1_000).rounded() }
            if let share, let permille, abs(share * 1_000 - permille) > 1e-6 {
                reader.report("share", .outOfRange, "in steps of 0.001; found \(share)")
            }
            let size = permille.map { Headroom.Size.share(permille: Int($0)) } ?? amounts.map { .amounts($0) }
            guard let size, let reason else { return nil }
            return HeadroomRequest(size: size, reason: reason)
        }
    }

    private static func readAmounts(_ reader: FieldReader) -> Resources {
        defer { reader.finish() }
        let gpu = reader.object("gpu").flatMap { gpu -> (model: String, count: Int64)? in
            defer { gpu.finish() }
            let model = gpu.string("model", required: true, maxLength: 64)
            let count = gpu.integer("count", required: true, in: OrderLimits.headroomGPUs)
            guard let model, let count else { return nil }
            return (model, count)
        }
        let amounts = Resources(
            vcpuMilli: reader.number("vcpu", in: OrderLimits.headroomVCPU).map { Int64(($0 * 1_000).rounded()) } ?? 0,
            memoryMiB: reader.integer("memoryMiB", in: OrderLimits.headroomAmount) ?? 0,
            diskGiB: reader.integer("diskGiB", in: OrderLimits.headroomAmount) ?? 0,
            bandwidthMbps: reader.integer("bandwidthMbps", in: OrderLimits.headroomAmount) ?? 0,
            gpuModel: gpu?.model, gpuCount: gpu?.count ?? 0)
        let names = ["vcpu", "memoryMiB", "diskGiB", "bandwidthMbps", "gpu"]
        if amounts == .zero, !names.contains(where: reader.has) {
            reader.report(nil, .missing, "give at least one of \(names.joined(separator: ", "))")
        } else if amounts == .zero, !reader.has("gpu") {
            reader.report(nil, .outOfRange, "something of it is more than 0")
        }
        return amounts
    }
}

/// The body of `PATCH /v1/tenants/{tenant}`.
package struct TenantRequest: Hashable, Sendable {
    package var tenantClass: TenantClass

    package static func read(_ body: JSONValue) -> Result<TenantRequest, InvalidBody> {
        FieldReader.readBody(body) { reader in
            guard let name = reader.string("class", required: true) else { return nil }
            guard let tenantClass = TenantClass(name: name) else {
                reader.report("class", .badFormat, TenantClass.form(butFound: name))
                return nil
            }
            if tenantClass == .nobody {
                let detail = "no tenant is 'nobody': what is protected for it is the operator's"
                reader.report("class", .contradiction, detail)
            }
            return TenantRequest(tenantClass: tenantClass)
        }
    }
}

extension TenantClass {
    /// What the name of a class is like, for a person who wrote another.
    package static func form(butFound name: String) -> String {
        "a class has 1 to 63 lower-case letters, digits and '-', a letter first; found '\(name.prefix(64))'"
    }
}
