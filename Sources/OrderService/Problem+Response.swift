import CapacityAPI
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

extension Problem {
    /// The answer that carries this problem, with the headers its kind asks for.
    func response() -> Response {
        var headers: HTTPFields = [.contentType: "application/problem+json", .cacheControl: "no-store"]
        switch type {
        case .unauthenticated:
            headers[.wwwAuthenticate] = "Bearer realm=\"muster\""
        case .unavailable, .tooManyRequests:
            headers[.retryAfter] = "1"
        case .insufficientCapacity, .spreadUnsatisfiable, .quoteStale, .quotaExceeded, .invalidOrder, .windowInPast,
            .idempotencyKeyReused, .preconditionFailed, .notFound, .forbidden, .conflict, .bodyTooLarge,
            .methodNotAllowed, .unsupportedMediaType, .internal:
            break
        }
        let status = HTTPResponse.Status(code: status)
        do {
            return Response(status: status, headers: headers, body: try .json(self))
        } catch {
            // A problem is strings and numbers; if even that cannot be written, the status alone must do.
            return Response(status: status, headers: headers)
        }
    }
}

extension ResponseBody {
    /// `value` as JSON with sorted keys, so that the same value is the same bytes.
    static func json(_ value: some Encodable) throws -> ResponseBody {
        ResponseBody(byteBuffer: try JSONText.buffer(value))
    }
}

extension Response {
    static func json(
        _ value: some Encodable,
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:]
    ) throws -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(status: status, headers: headers, body: try .json(value))
    }
}

/// How JSON is written here, everywhere.
enum JSONText {
    static func bytes(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    static func buffer(_ value: some Encodable) throws -> ByteBuffer {
        ByteBuffer(bytes: try bytes(value))
    }
}
