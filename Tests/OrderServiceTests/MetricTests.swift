import Testing

@testable import OrderService

@Suite("Metrics")
struct MetricTests {
    @Test("counters, gauges, summaries and histograms are Prometheus text, a type per family")
    func text() {
        let registry = MetricRegistry()
        registry.counter("orders.made", [("kind", "a\"b")]).increment(by: Int64(2))
        registry.counter("orders.made", [("kind", "a\"b")]).increment(by: Int64(1))
        registry.gauge("depth").record(Int64(7))
        registry.summary("batch").record(Int64(3))
        registry.histogram("run").recordNanoseconds(20_000_000)
        let text = PrometheusText(registry).text
        #expect(text.contains("# TYPE orders_made_total counter\norders_made_total{kind=\"a\\\"b\"} 3\n"))
        #expect(text.contains("# TYPE depth gauge\ndepth 7\n"))
        #expect(text.contains("batch_count 1\nbatch_sum 3\n"))
        #expect(text.contains("run_seconds_bucket{le=\"0.01\"} 0\nrun_seconds_bucket{le=\"0.025\"} 1\n"))
        #expect(text.contains("run_seconds_bucket{le=\"+Inf\"} 1\nrun_seconds_sum 0.02\nrun_seconds_count 1\n"))
    }

    @Test("past its capacity the registry keeps no more series")
    func bounded() {
        let registry = MetricRegistry(capacity: 2)
        for number in 0..<10 { registry.gauge("m\(number)").set(Int64(1)) }
        #expect(registry.all.count == 2)
    }
}
