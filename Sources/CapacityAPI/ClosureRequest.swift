package import CapacityModel

/// The body of a call that closes a host or a site.
package struct ClosureRequest: Hashable, Sendable {
    package var kind: Closure.Kind
    /// `nil` of a cordon and of a loss.
    package var start: Instant?
    /// `nil` but of a maintenance.
    package var end: Instant?
    /// Whether what has not begun is moved away.
    package var drain: Bool
    package var reason: String

    /// The body of `:cordon` and `:drain`: why.
    package static func readCordon(_ body: JSONValue, drain: Bool) -> Result<ClosureRequest, InvalidBody> {
        FieldReader.readBody(body) { reader in
            reader.reason("reason").map { ClosureRequest(kind: .cordon, drain: drain, reason: $0) }
        }
    }

    /// The body of `:lost`: why. What has not begun always moves away.
    package static func readLoss(_ body: JSONValue) -> Result<ClosureRequest, InvalidBody> {
        FieldReader.readBody(body) { reader in
            reader.reason("reason").map { ClosureRequest(kind: .loss, drain: true, reason: $0) }
        }
    }

    /// The body of `:maintain`: when and why.
    package static func readMaintenance(_ body: JSONValue, now: Instant) -> Result<ClosureRequest, InvalidBody> {
        FieldReader.readBody(body) { reader in
            let reason = reader.reason("reason")
            let drain = reader.bool("drain") ?? false
            guard let inner = reader.object("window", required: true) else { return nil }
            defer { inner.finish() }
            let window = OpenWindow.read(inner)
            guard let duration = window.duration else {
                if !inner.has("duration"), !inner.has("end") { inner.report("duration", .missing, "required") }
                return nil
            }
            let start = window.start ?? now.wholeSecond
            return reason.map {
                ClosureRequest(kind: .maintenance, start: start, end: start + duration, drain: drain, reason: $0)
            }
        }
    }

    /// The body of `:retire`: the deadline and why.
    package static func readRetirement(_ body: JSONValue) -> Result<ClosureRequest, InvalidBody> {
        FieldReader.readBody(body) { reader in
            let reason = reader.reason("reason")
            let drain = reader.bool("drain") ?? false
            guard let deadline = reader.instant("deadline", required: true) else { return nil }
            if deadline != deadline.wholeSecond {
                reader.report("deadline", .badFormat, "deadlines are second-granular; found \(deadline)")
            }
            return reason.map {
                ClosureRequest(kind: .retirement, start: deadline, drain: drain, reason: $0)
            }
        }
    }
}

extension FieldReader {
    /// Why, for other operators.
    func reason(_ name: String) -> String? {
        let limit = OrderLimits.reasonCharacters
        guard let reason = string(name, required: true, maxLength: 4 * limit.upperBound) else { return nil }
        guard limit.contains(reason.unicodeScalars.count) else {
            report(
                name, .outOfRange,
                "\(limit.lowerBound) to \(limit.upperBound) characters; found \(reason.unicodeScalars.count)")
            return nil
        }
        return reason
    }
}
