import CapacityModel

/// How much of a spec is asked for: instances, or vCPUs together.
enum Quantity {
    case instances(Int)
    /// In thousandths of a core.
    case vcpu(milli: Int64)

    /// Reads `count`, or else `demand`; `nil` where neither is right.
    static func read(_ reader: FieldReader) -> Quantity? {
        let isDemand = reader.has("demand")
        let count = reader.integer("count", required: !isDemand, in: OrderLimits.count)
        let vcpu = reader.object("demand").flatMap { demand in
            defer { demand.finish() }
            return demand.number("vcpu", required: true, in: OrderLimits.totalVCPU)
        }
        guard isDemand else { return count.map { .instances(Int($0)) } }
        if reader.has("count") {
            reader.report("demand", .contradiction, "ask for a count of instances or for vCPUs together, not for both")
            return nil
        }
        return vcpu.map { .vcpu(milli: Int64(($0 * 1_000).rounded())) }
    }

    /// How many instances of `unit` it takes, `per` of them in place of each one that is counted.
    func count(of unit: Resources, per: Int = 1) -> Int {
        switch self {
        case .instances(let count): count * per
        case .vcpu(let milli): Int((milli + unit.vcpuMilli - 1) / unit.vcpuMilli)
        }
    }
}

extension OrderRequest {
    /// Reads `alternatives`: what to deliver instead where the order as it stands cannot be had, by rank, each as the
    /// whole order it would be.
    static func readAlternatives(_ reader: FieldReader, of quantity: Quantity?) -> [Alternative] {
        reader.objects("alternatives", atMost: OrderLimits.alternatives).compactMap { reader in
            defer { reader.finish() }
            let spec = reader.object("spec", required: true).flatMap(Spec.read)
            let per = reader.integer("per", in: OrderLimits.perInstance).map(Int.init)
            guard let spec, let quantity else { return nil }
            if case .vcpu = quantity, per != nil {
                reader.report("per", .contradiction, "a demand in vCPUs says by itself how many instances it takes")
            }
            let count = quantity.count(of: spec.resources, per: per ?? 1)
            guard OrderLimits.count.contains(Int64(count)) else {
                reader.report(nil, .outOfRange, "it takes \(count) instances; at most \(OrderLimits.count.upperBound)")
                return nil
            }
            return Alternative(spec: spec, count: count)
        }
    }

    struct Alternative {
        var spec: Spec
        var count: Int
    }

    /// The order with another spec: as many instances of it as stand in for its own, and of the fewest that are acceptable
    /// the same part, rounded up.
    func with(_ alternative: Alternative) -> OrderRequest {
        var order = self
        order.spec = alternative.spec
        order.count = alternative.count
        order.fulfilment.minCount = fulfilment.minCount.map { ($0 * alternative.count + count - 1) / count }
        return order
    }
}
