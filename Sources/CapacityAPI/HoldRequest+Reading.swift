package import CapacityModel

extension HoldRequest {
    /// Reads the body of `POST /v1/reservations`; all errors at once, each with its pointer.
    package static func read(_ body: JSONValue) -> Result<HoldRequest, InvalidBody> {
        FieldReader.readBody(body) { reader in
            let name = reader.string("name", maxLength: 128)
            let unit = reader.object("spec", required: true).flatMap(readUnit)
            let count = reader.integer("count", required: true, in: OrderLimits.count).map(Int.init)
            let scope = reader.object("scope").map(Scope.read) ?? .nationwide
            let window = reader.object("window").map(readWindow) ?? OpenWindow()
            let lead = reader.object("delivery").map(OrderRequest.readLead) ?? .zero
            let release = reader.object("release").map(OrderRequest.ReleasePolicy.read) ?? OrderRequest.ReleasePolicy()
            let spread = SpreadRule.readAll(reader, count: count)
            let timeToLive = reader.duration("timeToLive", seconds: OrderLimits.timeToLiveSeconds)
            let prefer = reader.object("prefer").map(Preference.read)
            guard let unit, let count else { return nil }
            return HoldRequest(
                name: name, unit: unit, count: count, scope: scope, start: window.start, duration: window.duration,
                lead: lead, grace: release.grace, spread: spread, timeToLive: timeToLive ?? defaultTimeToLive,
                prefer: prefer
            )
        }
    }

    private static func readUnit(_ reader: FieldReader) -> Resources? {
        defer { reader.finish() }
        return Resources.read(reader)
    }

    private static func readWindow(_ reader: FieldReader) -> OpenWindow {
        defer { reader.finish() }
        return OpenWindow.read(reader)
    }
}
