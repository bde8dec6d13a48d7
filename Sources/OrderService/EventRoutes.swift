import CapacityAPI
import CapacityModel
import CapacityStore
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// What happens to an order, as server-sent events.
struct EventRoutes: Sendable {
    let store: Store
    let hub: Hub
    let admission: Admission
    let rhythm: Rhythm

    private static let batch = 500

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .get, "/v1/orders/{id}/events", for: .customers,
                EndpointDescription(
                    "watchOrder",
                    "Server-sent events of an order from the first on, or from after `Last-Event-ID`: `id` is the "
                        + "sequence, `event` the kind, `data` an OrderEvent. Ends after the state `settled`; a comment "
                        + "every 15 seconds keeps proxies from closing it.",
                    parameters: [.lastEventID],
                    answers: [.text("Events until the order is settled.", type: "text/event-stream")],
                    problems: [404, 422]
                ),
                answer: watch
            )
        ]
    }

    private func watch(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let after = try EventRoutes.lastEvent(request)
        let order = try await store.visibleOrder(context)
        let logger = context.logger
        let body = ResponseBody { writer in
            try admission.enter(.waiting)
            defer { admission.leave(.waiting) }
            let seat = await hub.sit(.order(order.id.rawValue))
            do {
                try await stream(order.id, after: after, seat, &writer)
            } catch {
                // The head is long sent: all that is left is to end, and the caller comes back with Last-Event-ID.
                logger.debug("an event stream ended early", metadata: ["error": "\(error)"])
            }
            await hub.leave(seat)
            try await writer.finish(nil)
        }
        let headers: HTTPFields = [.contentType: "text/event-stream", .cacheControl: "no-store"]
        return Response(status: .ok, headers: headers, body: body)
    }

    private static func lastEvent(_ request: Request) throws(Problem) -> Int64 {
        guard let header = request.headers[.lastEventID], !header.isEmpty else { return 0 }
        guard let sequence = Int64(header), sequence >= 0 else {
            let detail = "Last-Event-ID: the id of an event of this stream; found '\(header.prefix(64))'"
            throw Problem(
                .invalidOrder, detail: detail, errors: [FieldError(pointer: "", code: .badFormat, detail: detail)]
            )
        }
        return sequence
    }

    /// Writes events until the order is settled or the service stops. Reads the table again after each wake, and every
    /// few seconds without one.
    private func stream(
        _ order: OrderID,
        after first: Int64,
        _ seat: Hub.Seat,
        _ writer: inout any ResponseBodyWriter
    ) async throws {
        var after = first
        var silence = Duration.zero
        while true {
            let events = try await store.events(of: order, after: after, limit: EventRoutes.batch)
            if let last = events.last {
                try await writer.write(try EventRoutes.text(events))
                after = last.sequence
                silence = .zero
                if last.state == .settled, events.count < EventRoutes.batch { return }
                if events.count == EventRoutes.batch { continue }
            } else if try await isSettled(order) {
                return
            }
            let wait = min(rhythm.look, rhythm.heartbeat)
            switch await hub.wait(seat, atMost: wait) {
            case .news: break
            case .stopping: return
            case .timeout:
                silence += wait
                if silence >= rhythm.heartbeat {
                    try await writer.write(ByteBuffer(string: ": still here\n\n"))
                    silence = .zero
                }
            }
        }
    }

    /// For a caller that comes back after the last event.
    private func isSettled(_ order: OrderID) async throws -> Bool {
        try await store.order(order, tenant: nil)?.state == .settled
    }

    private static func text(_ events: [OrderEventRecord]) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        for record in events {
            let view = OrderEventView(record)
            buffer.writeString("id: \(view.sequence)\nevent: \(view.kind.rawValue)\ndata: ")
            buffer.writeBytes(try JSONText.bytes(view))
            buffer.writeString("\n\n")
        }
        return buffer
    }
}

/// How often who waits looks by himself, for the wake that was lost, and says that he is still there.
struct Rhythm: Sendable {
    var look = Duration.seconds(5)
    var heartbeat = Duration.seconds(15)
}
