package import CapacityModel

extension OrderRequest {
    /// Reads the contract's order body; all errors at once, each with its pointer.
    ///
    /// Whether a window lies in the past is the one thing left open, since only the database knows what time it is.
    package static func read(_ body: JSONValue) -> Result<OrderBody, InvalidBody> {
        FieldReader.readBody(body) { reader in
            let name = reader.string("name", maxLength: 128)
            let quoteID = reader.string("quoteId", maxLength: 64)
            let spec = reader.object("spec", required: true).flatMap(Spec.read)
            let count = reader.integer("count", required: true, in: OrderLimits.count).map(Int.init)
            let scope = reader.object("scope").map(Scope.read) ?? .nationwide
            let fulfilment = reader.object("fulfilment").map { Fulfilment.read($0, count: count) } ?? .allOrNothing
            let release = reader.object("release").map(ReleasePolicy.read) ?? ReleasePolicy()
            let lead = reader.object("delivery").map(readLead) ?? .zero
            let timing = reader.object("window", required: true).flatMap { Timing.read($0, lead: lead) }
            let spread = SpreadRule.readAll(reader, count: count)
            if !reader.objects("slices", atMost: 366).isEmpty {
                reader.report("slices", .unsupported, "recurring slices are not served yet; send one order per window")
            }
            guard let spec, let count, let timing else { return nil }
            let order = OrderRequest(
                name: name, spec: spec, count: count, scope: scope, timing: timing, spread: spread,
                fulfilment: fulfilment, release: release
            )
            return OrderBody(order: order, quoteID: quoteID)
        }
    }

    private static func readLead(_ reader: FieldReader) -> Duration {
        defer { reader.finish() }
        return reader.duration("lead", seconds: OrderLimits.leadSeconds) ?? .zero
    }
}

/// An order as it was sent: what is asked, and the quote it takes up, if any.
package struct OrderBody: Hashable, Sendable {
    package var order: OrderRequest
    package var quoteID: String?
}

/// A body that cannot be an order; never empty.
package struct InvalidBody: Error, Hashable, Sendable {
    package var errors: [FieldError]
}

extension Spec {
    static func read(_ reader: FieldReader) -> Spec? {
        defer { reader.finish() }
        let kind = reader.choice("kind", of: Kind.self) ?? .container
        if kind != .container {
            reader.report("kind", .unsupported, "'\(kind.rawValue)' is not delivered yet; only 'container' is")
        }
        let vcpu = reader.number("vcpu", required: true, in: OrderLimits.vcpu)
        let memory = reader.integer("memoryMiB", required: true, in: OrderLimits.memoryMiB)
        let disk = reader.integer("diskGiB", in: OrderLimits.diskGiB) ?? 0
        let bandwidth = reader.integer("bandwidthMbps", in: OrderLimits.bandwidthMbps) ?? 0
        let gpu = reader.object("gpu").flatMap(readGPU)
        let image = reader.string("image", required: true, maxLength: 512)
        if let image, image.isEmpty || image.utf8.contains(where: { $0 <= 32 || $0 >= 127 }) {
            reader.report("image", .badFormat, "expected an image reference like muster.local/probe:1")
        }
        let command = reader.strings("command", atMost: 256, maxLength: 4_096)
        let environment = reader.stringMap("environment", atMost: 256)
        guard let vcpu, let memory, let image else { return nil }
        let resources = Resources(
            vcpuMilli: Int64((vcpu * 1_000).rounded()), memoryMiB: memory, diskGiB: disk, bandwidthMbps: bandwidth,
            gpuModel: gpu?.model, gpuCount: gpu?.count ?? 0
        )
        return Spec(kind: kind, resources: resources, image: image, command: command, environment: environment)
    }

    private static func readGPU(_ reader: FieldReader) -> (model: String, count: Int64)? {
        defer { reader.finish() }
        let model = reader.string("model", required: true, maxLength: 64)
        let count = reader.integer("count", in: OrderLimits.gpuCount) ?? 1
        return model.map { ($0, count) }
    }
}

extension OrderRequest.Timing {
    static func read(_ reader: FieldReader, lead: Duration) -> OrderRequest.Timing? {
        defer { reader.finish() }
        let start = reader.instant("start")
        if let start, start != start.wholeSecond {
            reader.report("start", .badFormat, "windows are second-granular; found \(start)")
        }
        let length = reader.duration("duration", seconds: OrderLimits.windowSeconds)
        let end = reader.instant("end")
        switch (length, end) {
        case (let length?, nil):
            return OrderRequest.Timing(start: start, duration: length, lead: lead)
        case (nil, let end?):
            guard let start else {
                reader.report("end", .contradiction, "an end needs a start; from now, say how long with 'duration'")
                return nil
            }
            guard end > start else {
                reader.report("end", .contradiction, "a window ends after it starts; \(start) to \(end) is reversed")
                return nil
            }
            guard end == end.wholeSecond else {
                reader.report("end", .badFormat, "windows are second-granular; found \(end)")
                return nil
            }
            guard OrderLimits.windowSeconds.contains((end - start).wholeSeconds) else {
                reader.report("end", .outOfRange, "at most 400 days after the start")
                return nil
            }
            return OrderRequest.Timing(start: start, duration: end - start, lead: lead)
        case (_?, _?):
            reader.report("end", .contradiction, "give 'duration' or 'end', not both")
            return nil
        case (nil, nil):
            if !reader.has("duration"), !reader.has("end") { reader.report("duration", .missing, "required") }
            return nil
        }
    }
}

extension OrderRequest.ReleasePolicy {
    static func read(_ reader: FieldReader) -> OrderRequest.ReleasePolicy {
        defer { reader.finish() }
        let grace = reader.duration("grace", seconds: OrderLimits.graceSeconds)
        return grace.map { OrderRequest.ReleasePolicy(grace: $0) } ?? OrderRequest.ReleasePolicy()
    }
}
