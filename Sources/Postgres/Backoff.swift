/// Growing pauses between tries: each up to twice the one before, at most `limit`, and random by half so that those who
/// failed together do not come back together.
struct Backoff {
    let first: Duration
    let limit: Duration
    private var current: Duration

    init(first: Duration, limit: Duration) {
        self.first = first
        self.limit = limit
        current = first
    }

    mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let pause = current * Double.random(in: 0.5...1, using: &generator)
        current = min(current * 2, limit)
        return pause
    }

    mutating func reset() {
        current = first
    }
}
