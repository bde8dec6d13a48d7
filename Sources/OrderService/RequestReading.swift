import CapacityAPI
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

/// Reads bodies, queries and headers; whatever is wrong is thrown as the problem to answer.
extension Request {
    /// The body's bytes; `body-too-large` above `limit`, without reading on.
    func bytes(atMost limit: Int, of contentType: String) async throws -> ByteBuffer {
        if let sent = headers[.contentType] {
            let type = sent.prefix { $0 != ";" }.filter { !$0.isWhitespace }.lowercased()
            guard type == contentType || (contentType == "application/json" && type.hasSuffix("+json")) else {
                throw Problem(.unsupportedMediaType, detail: "this call reads \(contentType); the body is '\(type)'")
            }
        }
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw Problem(.bodyTooLarge, detail: "at most \(limit) bytes; the body has \(length)")
        }
        do {
            return try await body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw Problem(.bodyTooLarge, detail: "at most \(limit) bytes")
        }
    }

    /// The body as a JSON tree. An empty body is `empty` where one is given.
    func json(atMost limit: Int = OrderLimits.bodyBytes, empty: JSONValue? = nil) async throws -> JSONValue {
        let bytes = try await bytes(atMost: limit, of: "application/json")
        if bytes.readableBytes == 0, let empty { return empty }
        return try decodeJSON(JSONValue.self, from: bytes)
    }

    /// The body as `type`, for callers that are programs of ours.
    func decoded<Value: Decodable>(_ type: Value.Type, atMost limit: Int) async throws -> Value {
        try decodeJSON(type, from: try await bytes(atMost: limit, of: "application/json"))
    }
}

/// `bytes` as `type`, or `invalid-order` with a pointer to the place where it broke.
func decodeJSON<Value: Decodable>(_ type: Value.Type, from bytes: ByteBuffer) throws -> Value {
    do {
        return try JSONDecoder().decode(type, from: Data(bytes.readableBytesView))
    } catch let error as DecodingError {
        let finding = FieldError(error)
        throw Problem(.invalidOrder, detail: finding.detail, errors: [finding])
    }
}

extension FieldError {
    init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context):
            self.init(pointer: place(context.codingPath + [key]), code: .missing, detail: "required")
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            self.init(pointer: place(context.codingPath), code: .wrongType, detail: context.debugDescription)
        case .dataCorrupted(let context):
            let reason = context.underlyingError.map { ": \($0)" } ?? ""
            let detail = context.codingPath.isEmpty ? "this is not JSON\(reason)" : context.debugDescription
            self.init(pointer: place(context.codingPath), code: .badFormat, detail: detail)
        @unknown default:
            self.init(pointer: "", code: .badFormat, detail: "this cannot be read as JSON")
        }
    }
}

private func place(_ path: [any CodingKey]) -> String {
    path.map { key in "/" + (key.intValue.map(String.init) ?? FieldError.escape(key.stringValue)) }.joined()
}

extension Result where Failure == InvalidBody {
    /// The value, or the problem that names every field.
    func orProblem() throws(Problem) -> Success {
        switch self {
        case .success(let value): return value
        case .failure(let invalid):
            let first = invalid.errors.first
            let detail = first.map { "\($0.pointer.isEmpty ? "the body" : $0.pointer): \($0.detail)" }
            throw Problem(.invalidOrder, detail: detail, errors: invalid.errors)
        }
    }
}
