import CapacityAPI
import HTTPTypes
import Hummingbird
import NIOCore

/// What those who run the service ask it.
struct SystemRoutes: Sendable {
    let readiness: Readiness
    let registry: MetricRegistry
    let document: ByteBuffer
    let refreshMeters: @Sendable () async -> Void

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .get, "/healthz", for: .everyone, pace: .always,
                EndpointDescription("health", "Whether the process lives.", answers: [.text("It does.")])
            ) { _, _ in
                .text("ok\n")
            },
            Endpoint(
                .get, "/readyz", for: .everyone, pace: .always,
                EndpointDescription(
                    "ready", "Whether it can serve: the database answers, with the schema this program knows.",
                    answers: [.text("It can.")], problems: [503]
                ),
                answer: ready
            ),
            Endpoint(
                .get, "/metrics", for: .everyone, pace: .always,
                EndpointDescription("metrics", "Metrics in Prometheus' text format.", answers: [.text("The metrics.")])
            ) { _, _ in
                await refreshMeters()
                return .text(PrometheusText(registry).text, type: PrometheusText.contentType)
            },
            Endpoint(
                .get, "/openapi.json", for: .everyone, pace: .always,
                EndpointDescription(
                    "openapi", "This description, OpenAPI 3.1.", answers: [.json("AnyObject", "The description.")]
                )
            ) { _, _ in
                Response(
                    status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: document)
                )
            },
        ]
    }

    private func ready(_ request: Request, _ context: ServiceContext) async throws -> Response {
        switch await readiness.state() {
        case .ready: return .text("ready\n")
        case .unmigrated(let pending):
            throw Problem(.unavailable, detail: "\(pending) migrations are missing; run 'musterd migrate'")
        case .unreachable:
            throw Problem(.unavailable, detail: "the database does not answer")
        }
    }
}

extension Response {
    static func text(_ text: String, type: String = "text/plain; charset=utf-8") -> Response {
        let body = ResponseBody(byteBuffer: ByteBuffer(string: text))
        return Response(status: .ok, headers: [.contentType: type], body: body)
    }
}
