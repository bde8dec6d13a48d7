import CoreMetrics
import Synchronization

/// A number that only grows.
final class CounterSeries: CounterHandler, FloatingPointCounterHandler, Sendable {
    private let total = Mutex(0.0)

    var value: Double { total.withLock { $0 } }

    func increment(by amount: Int64) { total.withLock { $0 += Double(amount) } }
    func increment(by amount: Double) { total.withLock { $0 += amount } }
    func reset() { total.withLock { $0 = 0 } }
}

/// A number that goes up and down.
final class GaugeSeries: MeterHandler, RecorderHandler, Sendable {
    private let last = Mutex(0.0)

    var value: Double { last.withLock { $0 } }

    func set(_ value: Int64) { last.withLock { $0 = Double(value) } }
    func set(_ value: Double) { last.withLock { $0 = value } }
    func increment(by amount: Double) { last.withLock { $0 += amount } }
    func decrement(by amount: Double) { last.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }
}

/// How many values were recorded, and their sum.
final class SummarySeries: RecorderHandler, Sendable {
    private let totals = Mutex((count: 0, sum: 0.0))

    var value: (count: Int, sum: Double) { totals.withLock { $0 } }

    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) {
        totals.withLock { totals in
            totals.count += 1
            totals.sum += value
        }
    }
}

/// Durations by fixed bounds, from a millisecond to half a minute.
final class HistogramSeries: TimerHandler, Sendable {
    static let boundsInSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

    struct Value: Sendable {
        /// One per bound, and one for what is longer than all; not cumulative.
        var buckets = Array(repeating: 0, count: HistogramSeries.boundsInSeconds.count + 1)
        var sumInSeconds = 0.0
    }

    private let totals = Mutex(Value())

    var value: Value { totals.withLock { $0 } }

    func recordNanoseconds(_ duration: Int64) {
        let seconds = Double(duration) / 1e9
        let bucket = Self.boundsInSeconds.firstIndex { seconds <= $0 } ?? Self.boundsInSeconds.count
        totals.withLock { totals in
            totals.buckets[bucket] += 1
            totals.sumInSeconds += seconds
        }
    }
}
