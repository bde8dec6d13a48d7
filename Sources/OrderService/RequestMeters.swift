import HTTPTypes

/// Counts requests by route, method and status. Routes are templates, so their number is known.
struct RequestMeters: Sendable {
    private let registry: MetricRegistry

    init(registry: MetricRegistry) {
        self.registry = registry
    }

    func count(route: String, method: HTTPRequest.Method, status: HTTPResponse.Status, elapsed: Duration) {
        // A method is text of the caller's choosing; only those that are served make a series.
        let method = RequestMeters.known.contains(method) ? method.rawValue : "other"
        let place = [("route", route), ("method", method)]
        registry.counter("muster_http_requests", place + [("status", String(status.code))]).increment(by: Int64(1))
        registry.histogram("muster_http_request", place).recordNanoseconds(Int64(elapsed.seconds * 1e9))
    }

    func gauge(_ label: String, _ dimensions: [(String, String)] = [], _ value: Int) {
        registry.gauge(label, dimensions).set(Int64(value))
    }

    private static let known: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]
}
