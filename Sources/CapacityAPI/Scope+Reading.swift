import CapacityModel

extension Scope {
    static func read(_ reader: FieldReader) -> Scope {
        defer { reader.finish() }
        return Scope(
            include: reader.objects("include", atMost: OrderLimits.selectors).map(Selector.read),
            exclude: reader.objects("exclude", atMost: OrderLimits.selectors).map(Selector.read),
            capabilities: Set(reader.strings("capabilities", atMost: 64))
        )
    }
}

extension Scope.Selector {
    static func read(_ reader: FieldReader) -> Scope.Selector {
        defer { reader.finish() }
        let before = reader.findings.errors.count
        let selector = Scope.Selector(
            area: reader.choice("area", of: Area.self),
            province: reader.province("province"),
            city: reader.city("city"),
            carrier: reader.choice("carrier", of: Carrier.self),
            site: reader.string("site"),
            labels: reader.stringMap("labels", atMost: 64)
        )
        if let city = selector.city, let province = selector.province, !city.hasPrefix(province) {
            reader.report("city", .contradiction, "city \(city) is not in province \(province)")
        }
        // One that is empty because what it names is wrong has been told so.
        if selector == Scope.Selector(), reader.findings.errors.count == before {
            reader.report(nil, .missing, "an empty selector names every site; leave it out instead")
        }
        return selector
    }
}

extension SpreadRule {
    static func readAll(_ reader: FieldReader, count: Int?) -> [SpreadRule] {
        reader.objects("spread", atMost: OrderLimits.spreadRules).compactMap { read($0, count: count) }
    }

    private static func read(_ reader: FieldReader, count: Int?) -> SpreadRule? {
        defer { reader.finish() }
        let level = reader.choice("level", of: Level.self, required: true)
        let maxPerGroup = reader.integer("maxPerGroup", in: OrderLimits.count).map(Int.init)
        let maxShare = reader.number("maxShare", in: 0...1)
        if maxShare == 0 { reader.report("maxShare", .outOfRange, "above 0 and at most 1; found 0") }
        let minGroups = reader.integer("minGroups", in: 1...100_000).map(Int.init)
        let maxSkew = reader.integer("maxSkew", in: OrderLimits.count).map(Int.init)
        let whenUnsatisfiable = reader.choice("whenUnsatisfiable", of: WhenUnsatisfiable.self) ?? .reject
        guard let level else { return nil }
        if !["maxPerGroup", "maxShare", "minGroups", "maxSkew"].contains(where: reader.has) {
            reader.report(nil, .missing, "a spread rule needs maxPerGroup, maxShare, minGroups or maxSkew")
        }
        if let minGroups, let count, minGroups > count {
            let detail = "\(minGroups) groups cannot each have one of \(count) instances"
            reader.report("minGroups", .contradiction, detail)
        }
        if let minGroups, level == .carrier, minGroups > Carrier.allCases.count {
            reader.report("minGroups", .contradiction, "there are only \(Carrier.allCases.count) carriers")
        }
        if let minGroups, level == .province, minGroups > Province.all.count {
            reader.report("minGroups", .contradiction, "there are only \(Province.all.count) provinces")
        }
        if let minGroups, level == .area, minGroups > Area.allCases.count {
            reader.report("minGroups", .contradiction, "there are only \(Area.allCases.count) areas")
        }
        return SpreadRule(
            level: level, maxPerGroup: maxPerGroup, maxShare: maxShare, minGroups: minGroups, maxSkew: maxSkew,
            whenUnsatisfiable: whenUnsatisfiable
        )
    }
}

extension Fulfilment {
    static func read(_ reader: FieldReader, count: Int?) -> Fulfilment {
        defer { reader.finish() }
        let policy = reader.choice("policy", of: Policy.self) ?? .allOrNothing
        let minCount = reader.integer("minCount", in: OrderLimits.count).map(Int.init)
        let deadline = reader.duration("deadline", seconds: OrderLimits.deadlineSeconds)
        let topUp = reader.bool("topUp") ?? false
        if policy == .atLeast, minCount == nil, !reader.has("minCount") {
            reader.report("minCount", .missing, "policy 'atLeast' needs it")
        }
        if policy != .atLeast, minCount != nil {
            reader.report("minCount", .contradiction, "only policy 'atLeast' has a minCount")
        }
        if let minCount, let count, minCount > count {
            reader.report("minCount", .contradiction, "\(minCount) is more than the \(count) asked for")
        }
        if policy == .allOrNothing, topUp {
            reader.report("topUp", .contradiction, "'allOrNothing' leaves nothing to top up")
        }
        return Fulfilment(policy: policy, minCount: minCount, deadline: deadline, topUp: topUp)
    }
}
