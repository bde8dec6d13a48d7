/// How long to wait after failed attempt *n*: exponential, bounded, and never the same for two jobs.
///
/// Half of each wait is random, so that jobs which failed together (because what they all need was down) do not come
/// back together.
public struct Backoff: Sendable, Equatable {
    public var first: Duration
    public var longest: Duration

    public init(first: Duration = .seconds(1), longest: Duration = .seconds(600)) {
        precondition(first > .zero && first <= longest, "a backoff starts above zero and not above its longest wait")
        self.first = first
        self.longest = longest
    }

    /// A wait between half and all of ``longestWait(afterAttempt:)``.
    package func wait(afterAttempt attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        let full = longestWait(afterAttempt: attempt)
        return .microseconds(Int64.random(in: (full.wholeMicroseconds / 2)...full.wholeMicroseconds, using: &generator))
    }

    /// `first * 2^(attempt - 1)`, cut at `longest`.
    package func longestWait(afterAttempt attempt: Int) -> Duration {
        var full = first
        for _ in 1..<max(attempt, 1) where full < longest {
            full = min(full * 2, longest)
        }
        return full
    }
}

extension Duration {
    /// This duration cut to whole microseconds, PostgreSQL's grain; at most about 290,000 years, so it cannot overflow.
    var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        return min(max(seconds, -9_000_000_000_000), 9_000_000_000_000) * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
