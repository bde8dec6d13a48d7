package import CapacityModel

extension OrderRequest {
    /// Reads the contract's order body; all errors at once, each with its pointer.
    ///
    /// Whether a window lies in the past is the one thing left open, since only the database knows what time it is.
    package static func read(_ body: JSONValue) -> Result<OrderBody, InvalidBody> {
        FieldReader.readBody(body) { reader in
            let name = reader.string("name", maxLength: 128)
            let quoteID = reader.string("quoteId", maxLength: 64)
            let reservation = readReservation(reader)
            if reservation != nil, quoteID != nil {
                reader.report("quoteId", .contradiction, "take up a quote or draw on a reservation, not both")
            }
            let spec = reader.object("spec", required: true).flatMap(Spec.read)
            let quantity = Quantity.read(reader)
            let count = readCount(quantity, of: spec, reader)
            let alternatives = readAlternatives(reader, of: quantity)
            if reservation != nil, !alternatives.isEmpty {
                reader.report("alternatives", .contradiction, "an instance takes exactly what the reservation holds")
            }
            let scope = reader.object("scope").map(Scope.read) ?? .nationwide
            let fulfilment = reader.object("fulfilment").map { Fulfilment.read($0, count: count) } ?? .allOrNothing
            let release = reader.object("release").map(ReleasePolicy.read) ?? ReleasePolicy()
            let lead = reader.object("delivery").map(readLead) ?? .zero
            let timing = reader.object("window", required: true).flatMap { Timing.read($0, lead: lead) }
            let spread = SpreadRule.readAll(reader, count: count)
            if !reader.objects("slices", atMost: 366).isEmpty {
                reader.report("slices", .unsupported, "recurring slices are not served yet; send one order per window")
            }
            let prefer = reader.object("prefer").map(Preference.read)
            let affinities = OrderAffinity.readAll(reader)
            if reservation != nil, !affinities.isEmpty {
                reader.report(
                    nil, .unsupported, "what is drawn from a reservation is where that is; leave affinities out")
            }
            let survive = reader.object("survive").flatMap(Survival.read)
            if survive != nil, reservation != nil {
                reader.report("survive", .unsupported, "what is drawn from a reservation has no spare; leave it out")
            } else if survive != nil, fulfilment.policy != .allOrNothing {
                reader.report(
                    "survive", .contradiction,
                    "what survives is the whole count: leave 'fulfilment' out, or ask for allOrNothing")
            }
            guard let spec, let count, let timing else { return nil }
            let order = OrderRequest(
                name: name, spec: spec, count: count, scope: scope, timing: timing, spread: spread,
                fulfilment: fulfilment, release: release, prefer: prefer,
                affinities: affinities.isEmpty ? nil : affinities, survive: survive
            )
            return OrderBody(
                order: order, alternatives: alternatives.map(order.with), quoteID: quoteID, reservation: reservation)
        }
    }

    /// How many instances of `spec` are asked for. One that is asked for in vCPUs may be too many.
    private static func readCount(_ quantity: Quantity?, of spec: Spec?, _ reader: FieldReader) -> Int? {
        guard let quantity else { return nil }
        guard case .vcpu = quantity else { return quantity.count(of: .zero) }
        guard let spec else { return nil }
        let count = quantity.count(of: spec.resources)
        guard OrderLimits.count.contains(Int64(count)) else {
            reader.report("demand", .outOfRange, "it takes \(count) instances; at most \(OrderLimits.count.upperBound)")
            return nil
        }
        return count
    }

    private static func readReservation(_ reader: FieldReader) -> HoldID? {
        guard let text = reader.string("reservationId", maxLength: 64) else { return nil }
        guard let id = HoldID(text: text) else {
            reader.report("reservationId", .badFormat, "expected the id of a reservation like rsv-7; found '\(text)'")
            return nil
        }
        return id
    }

    static func readLead(_ reader: FieldReader) -> Duration {
        defer { reader.finish() }
        return reader.duration("lead", seconds: OrderLimits.leadSeconds) ?? .zero
    }
}

/// An order as it was sent: what is asked, what would do instead, by rank, and the quote it takes up or the reservation
/// it draws on, if any.
package struct OrderBody: Hashable, Sendable {
    package var order: OrderRequest
    package var alternatives: [OrderRequest]
    package var quoteID: String?
    package var reservation: HoldID?
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
        let resources = Resources.read(reader)
        let image = reader.string("image", required: true, maxLength: 512)
        if let image, image.isEmpty || image.utf8.contains(where: { $0 <= 32 || $0 >= 127 }) {
            reader.report("image", .badFormat, "expected an image reference like muster.local/probe:1")
        }
        let command = reader.strings("command", atMost: 256, maxLength: 4_096)
        let environment = reader.stringMap("environment", atMost: 256)
        guard let resources, let image else { return nil }
        return Spec(kind: kind, resources: resources, image: image, command: command, environment: environment)
    }
}

extension Preference {
    static func read(_ reader: FieldReader) -> Preference {
        defer { reader.finish() }
        let preference = Preference(
            price: reader.number("price", in: 0...1), latency: reader.number("latency", in: 0...1),
            spread: reader.number("spread", in: 0...1), nearProvince: reader.province("nearProvince")
        )
        let isMisread = [
            ("price", preference.price), ("latency", preference.latency), ("spread", preference.spread),
        ].contains { reader.has($0) && $1 == nil }
        if preference.parts == (0, 0, 0), !isMisread {
            reader.report(nil, .missing, "a preference needs a weight of price, latency or spread of 0.001 or more")
        }
        if preference.latency != nil, !reader.has("nearProvince") {
            reader.report("nearProvince", .missing, "a weight of latency needs the province of the users, such as 44")
        }
        return preference
    }
}

extension OrderRequest.ReleasePolicy {
    static func read(_ reader: FieldReader) -> OrderRequest.ReleasePolicy {
        defer { reader.finish() }
        let grace = reader.duration("grace", seconds: OrderLimits.graceSeconds)
        return grace.map { OrderRequest.ReleasePolicy(grace: $0) } ?? OrderRequest.ReleasePolicy()
    }
}
