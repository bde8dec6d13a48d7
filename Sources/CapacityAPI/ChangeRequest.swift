package import CapacityModel

/// The body of `:extend` and `:shorten`: the new end, or the new whole length.
package enum NewEnd: Hashable, Sendable {
    case at(Instant)
    case after(Duration)

    package static func read(_ body: JSONValue) -> Result<NewEnd, InvalidBody> {
        FieldReader.readBody(body) { reader in
            let end = reader.instant("end")
            if let end, end != end.wholeSecond {
                reader.report("end", .badFormat, "windows are second-granular; found \(end)")
            }
            let duration = reader.duration("duration", seconds: OrderLimits.windowSeconds)
            switch (end, duration) {
            case (let end?, nil):
                return .at(end)
            case (nil, let duration?):
                return .after(duration)
            case (_?, _?):
                reader.report("end", .contradiction, "give 'duration' or 'end', not both")
            case (nil, nil):
                if !reader.has("end"), !reader.has("duration") {
                    reader.report("end", .missing, "give the new 'end', or the new whole 'duration'")
                }
            }
            return nil
        }
    }

    /// The end that is meant for a window that starts at `start`.
    package func instant(from start: Instant) -> Instant {
        switch self {
        case .at(let end): end
        case .after(let duration): start + duration
        }
    }
}

/// The body of `:scale`: the new count.
package enum NewCount {
    package static func read(_ body: JSONValue) -> Result<Int, InvalidBody> {
        FieldReader.readBody(body) { reader in
            reader.integer("count", required: true, in: OrderLimits.count).map(Int.init)
        }
    }
}

/// The body of `:cancel`, which has no fields.
package enum NoFields {
    package static func read(_ body: JSONValue) -> Result<Void, InvalidBody> {
        FieldReader.readBody(body) { _ in () }
    }
}
