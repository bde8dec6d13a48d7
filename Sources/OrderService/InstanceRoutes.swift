import CapacityAPI
import CapacityModel
import CapacityStore
import HTTPTypes
import Hummingbird
import NIOCore

/// The instances of an order: a page of JSON, or all of them line by line.
struct InstanceRoutes: Sendable {
    let store: Store
    let admission: Admission

    private static let linesType = "application/x-ndjson"
    private static let streamedPage = 1_000

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .get, "/v1/orders/{id}/instances", for: .customers,
                EndpointDescription(
                    "listInstances",
                    "An order's instances. With `Accept: application/x-ndjson` all of them, one JSON object a line.",
                    parameters: [.cursor, .pageSize],
                    answers: [
                        EndpointDescription.Answer(
                            status: 200, description: "One page, or all lines.",
                            content: [("application/json", "InstancePage"), (InstanceRoutes.linesType, "Instance")]
                        )
                    ],
                    problems: [404, 422]
                ),
                answer: list
            )
        ]
    }

    private func list(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let query = try QueryReader(request, knows: ["cursor", "pageSize"])
        let size = try query.pageSize()
        let after = try query.cursor(of: .instances).flatMap { InstanceID(text: $0) }
        let order = try await store.visibleOrder(context)
        if request.headers[values: .accept].contains(where: { $0.contains(InstanceRoutes.linesType) }) {
            return lines(of: order.id, after: after)
        }
        let records = try await store.instances(of: order.id, after: after, limit: size + 1)
        let page = records.prefix(size)
        let next = records.count > size ? page.last.map { Cursor(list: .instances, place: $0.id.text).text } : nil
        return try .json(Page(items: page.map { InstanceView($0) }, next: next))
    }

    /// Reads a page, writes it, reads the next: never more than one page in memory, however slowly the caller reads.
    private func lines(of order: OrderID, after first: InstanceID?) -> Response {
        let body = ResponseBody { writer in
            try admission.enter(.waiting)
            defer { admission.leave(.waiting) }
            var after = first
            while true {
                let records = try await store.instances(of: order, after: after, limit: InstanceRoutes.streamedPage)
                var buffer = ByteBuffer()
                for record in records {
                    buffer.writeBytes(try JSONText.bytes(InstanceView(record)))
                    buffer.writeInteger(UInt8(ascii: "\n"))
                }
                if !records.isEmpty { try await writer.write(buffer) }
                guard records.count == InstanceRoutes.streamedPage, let last = records.last else { break }
                after = last.id
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: InstanceRoutes.linesType], body: body)
    }
}
