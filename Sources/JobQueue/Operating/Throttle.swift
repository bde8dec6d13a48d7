/// A limit on a queue or on a kind of job, over all workers together.
public struct Throttle: Sendable, Equatable {
    public enum Scope: String, Sendable, CaseIterable {
        case queue, kind
    }

    /// A bucket that `count` tokens drip into every `period`, holding `burst` at most. A start takes one.
    public struct Rate: Sendable, Equatable {
        public var count: Int
        public var period: Duration
        public var burst: Int

        /// - Parameter burst: How many may start at once after a pause; `nil` is `count`.
        public init(_ count: Int, per period: Duration, burst: Int? = nil) {
            self.count = count
            self.period = period
            self.burst = burst ?? count
        }
    }

    public var scope: Scope
    /// The queue's or the kind's.
    public var name: String
    /// How many may run at a time; `nil` is any number.
    public var runningLimit: Int?
    /// How many may start in a time; `nil` is any number.
    public var rate: Rate?

    public init(_ scope: Scope, _ name: String, runningLimit: Int? = nil, rate: Rate? = nil) {
        self.scope = scope
        self.name = name
        self.runningLimit = runningLimit
        self.rate = rate
    }
}

/// A throttle and how much of it is used at this moment.
public struct ThrottleUse: Sendable, Equatable {
    public let throttle: Throttle
    public let runningCount: Int
    /// Starts there are tokens for; `nil` where there is no rate.
    public let tokenCount: Double?
    /// Whether one more job may start.
    public let hasRoom: Bool
}

extension Throttle {
    private static let counts = 1...Int(Int32.max)
    private static let longestPeriod = Duration.seconds(366 * 86_400)

    /// What the constraints of `queue.throttle` would say, in words for whoever typed it.
    func check() throws(InvalidValue) {
        try InvalidValue.check(name, lengths: JobQueue.nameLengths, as: "\(scope.rawValue)")
        if let runningLimit { try InvalidValue.check(runningLimit, within: Self.counts, as: "running limit") }
        if let rate {
            try InvalidValue.check(rate.count, within: Self.counts, as: "rate count")
            try InvalidValue.check(rate.burst, within: Self.counts, as: "rate burst")
            guard rate.period >= .milliseconds(1), rate.period <= Self.longestPeriod else {
                throw InvalidValue(field: "rate period", limit: "1 ms to 366 days", found: "\(rate.period)")
            }
        }
        guard runningLimit != nil || rate != nil else {
            throw InvalidValue(field: "throttle", limit: "a running limit, a rate or both", found: "neither")
        }
    }
}
