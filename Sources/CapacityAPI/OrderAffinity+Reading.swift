import CapacityModel

extension OrderAffinity {
    /// Reads `affinity` and `antiAffinity`, in this order, which is also that in which the first of those that may be relaxed
    /// is kept the longest.
    static func readAll(_ reader: FieldReader) -> [OrderAffinity] {
        [("affinity", Kind.together), ("antiAffinity", Kind.apart)].flatMap { name, kind in
            reader.objects(name, atMost: OrderLimits.affinities).compactMap { read($0, kind) }
        }
    }

    private static func read(_ reader: FieldReader, _ kind: Kind) -> OrderAffinity? {
        defer { reader.finish() }
        let text = reader.string("order", required: true, maxLength: 64)
        let level = reader.choice("level", of: SpreadRule.Level.self, required: true)
        let whenUnsatisfiable = reader.choice("whenUnsatisfiable", of: SpreadRule.WhenUnsatisfiable.self) ?? .reject
        guard let text else { return nil }
        guard let order = OrderID(text: text) else {
            reader.report("order", .badFormat, "expected the id of an order like ord-12; found '\(text)'")
            return nil
        }
        return level.map { OrderAffinity(kind, order: order, level: $0, whenUnsatisfiable: whenUnsatisfiable) }
    }
}
