package import CoreMetrics
import Synchronization

/// Every metric of this process, kept in memory until somebody asks for the text: a `swift-metrics` backend without a
/// dependency.
///
/// Bounded: past `capacity` series a new one is counted nowhere, so that a label with many values cannot eat the memory.
package final class MetricRegistry: MetricsFactory, Sendable {
    struct Key: Hashable, Sendable {
        var name: String
        var labels: [Label]
    }

    struct Label: Hashable, Sendable {
        var name: String
        var value: String
    }

    enum Series: Sendable {
        case counter(CounterSeries)
        case gauge(GaugeSeries)
        case summary(SummarySeries)
        case histogram(HistogramSeries)
    }

    private let capacity: Int
    private let series = Mutex<[Key: Series]>([:])

    package init(capacity: Int = 10_000) {
        self.capacity = capacity
    }

    /// Everything there is now.
    var all: [(key: Key, series: Series)] {
        series.withLock { all in all.map { (key: $0.key, series: $0.value) } }
    }

    /// The series of that name and those labels; a new one where there is none, or where it is of another kind.
    private func find<Found: Sendable>(
        _ label: String,
        _ dimensions: [(String, String)],
        make: () -> Found,
        wrap: (Found) -> Series,
        unwrap: (Series) -> Found?
    ) -> Found {
        let key = Key(name: label, labels: dimensions.map { Label(name: $0.0, value: $0.1) })
        return series.withLock { all in
            if let known = all[key].flatMap(unwrap) { return known }
            let made = make()
            if all[key] == nil, all.count < capacity { all[key] = wrap(made) }
            return made
        }
    }

    func counter(_ label: String, _ dimensions: [(String, String)] = []) -> CounterSeries {
        find(label, dimensions, make: CounterSeries.init, wrap: Series.counter) { series in
            if case .counter(let counter) = series { counter } else { nil }
        }
    }

    func gauge(_ label: String, _ dimensions: [(String, String)] = []) -> GaugeSeries {
        find(label, dimensions, make: GaugeSeries.init, wrap: Series.gauge) { series in
            if case .gauge(let gauge) = series { gauge } else { nil }
        }
    }

    func summary(_ label: String, _ dimensions: [(String, String)] = []) -> SummarySeries {
        find(label, dimensions, make: SummarySeries.init, wrap: Series.summary) { series in
            if case .summary(let summary) = series { summary } else { nil }
        }
    }

    func histogram(_ label: String, _ dimensions: [(String, String)] = []) -> HistogramSeries {
        find(label, dimensions, make: HistogramSeries.init, wrap: Series.histogram) { series in
            if case .histogram(let histogram) = series { histogram } else { nil }
        }
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions)
    }

    package func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        if aggregate { summary(label, dimensions) } else { gauge(label, dimensions) }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions)
    }

    // A series lives as long as the process: handles are made per call and thrown away, the numbers are not.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
}
