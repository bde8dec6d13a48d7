package import CapacityModel

extension Quota {
    /// Reads the body of `PUT /v1/tenants/{tenant}/quotas/{quota}`; all errors at once, each with its pointer.
    package static func read(_ body: JSONValue, named name: String) -> Result<Quota, InvalidBody> {
        FieldReader.readBody(body) { reader in
            if !isName(name) {
                reader.report(nil, .badFormat, "a quota's name has 1 to 64 letters, digits, '.', '_' or '-'")
            }
            let scope = reader.object("scope").map(Scope.read) ?? .nationwide
            let (from, until) = (reader.instant("from"), reader.instant("until"))
            if let from, let until, from >= until {
                reader.report("until", .contradiction, "it lies after 'from'; \(from) to \(until) is no time")
            }
            let limits = readLimits(reader)
            return Quota(name: name, scope: scope, during: Stretch(from: from, until: until), limits: limits)
        }
    }

    /// Whether `text` may name a quota: what may name a tenant.
    package static func isName(_ text: String) -> Bool { KeyRequest.isName(text) }

    private static func readLimits(_ reader: FieldReader) -> [Limit] {
        let readers = reader.objects("limits", atMost: OrderLimits.quotaLimits)
        if readers.isEmpty { reader.report("limits", .missing, "a quota has at least one limit") }
        let limits = readers.compactMap { Limit.read($0) }
        if Set(limits.map(\.resource)).count < limits.count {
            reader.report("limits", .contradiction, "each resource, and each model of GPU, has one limit")
        }
        return limits
    }
}

extension Quota.Limit {
    fileprivate static func read(_ reader: FieldReader) -> Quota.Limit? {
        defer { reader.finish() }
        let resource = reader.choice("resource", of: QuotaResource.self, required: true)
        let model = reader.string("gpuModel", maxLength: 64)
        let limit = reader.number("limit", required: true, in: OrderLimits.quotaLimit)
        guard let resource, let limit else { return nil }
        if model != nil, resource != .gpu {
            reader.report("gpuModel", .contradiction, "only a limit of 'gpu' has a model")
        }
        let kind: Quota.Resource =
            switch resource {
            case .vcpu: .vcpu
            case .memoryMiB: .memory
            case .diskGiB: .disk
            case .bandwidthMbps: .bandwidth
            case .gpu: .gpu(model: model)
            case .instances: .instances
            }
        switch kind {
        case .vcpu, .gpu:
            return Quota.Limit(kind, Int64((limit * 1_000).rounded()))
        case .memory, .disk, .bandwidth, .instances:
            if limit != limit.rounded() { reader.report("limit", .badFormat, "a whole number; found \(limit)") }
            return Quota.Limit(kind, Int64(limit))
        }
    }
}
