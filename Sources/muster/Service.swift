import AsyncHTTPClient
import CapacityAPI
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1

/// The HTTP face of Muster as one caller with one key sees it.
struct Service: Sendable {
    /// One request; `isRepeatable` when sending it twice does what sending it once does.
    struct Call: Sendable {
        var method = "GET"
        var path: String
        var query: [(name: String, value: String)] = []
        var headers: [(name: String, value: String)] = []
        var body: [UInt8]?
        var isRepeatable = true
    }

    /// An answer below 400.
    struct Answer: Sendable {
        var status: Int
        var body: [UInt8]

        func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws(Failure) -> Value {
            do {
                return try JSONDecoder().decode(Value.self, from: Data(body))
            } catch {
                throw Failure(.unavailable, "the service sent something else than expected: \(error)")
            }
        }
    }

    private let client: HTTPClient
    private let base: String
    private let key: String?

    /// How often a repeatable request is sent before the service counts as unreachable; the pauses double from 200 ms.
    private static let attempts = 5
    private static let answerTimeout = TimeAmount.seconds(30)
    /// An order of many thousand instances is some megabytes.
    private static let answerLimit = 256 << 20

    /// Opens the client for as long as `body` runs.
    static func with<Value: Sendable>(
        url: String,
        key: String?,
        _ body: (Service) async throws -> Value
    ) async throws -> Value {
        var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(5), read: .seconds(60)))
        // Repeating is decided here, by what the call does.
        configuration.connectionPool.retryConnectionEstablishment = false
        return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            let base = url.hasSuffix("/") ? String(url.dropLast()) : url
            return try await body(Service(client: client, base: base, key: key))
        }
    }

    func get<Value: Decodable>(_ path: String, as type: Value.Type = Value.self) async throws(Failure) -> Value {
        try await send(Call(path: path)).decoded()
    }

    /// Sends `call`, again where that is safe and the service did not answer, and throws what it refuses.
    func send(_ call: Call) async throws(Failure) -> Answer {
        var pause = Duration.milliseconds(200)
        for attempt in 1... {
            do {
                return try await sendOnce(call)
            } catch  where error.status == .unavailable && call.isRepeatable && attempt < Self.attempts {
                try await Self.wait(pause)
                pause *= 2
            }
        }
        preconditionFailure("the loop above ends by returning or throwing")
    }

    private func sendOnce(_ call: Call) async throws(Failure) -> Answer {
        let (status, stream) = try await open(call)
        do {
            let body = Array(buffer: try await stream.collect(upTo: Self.answerLimit))
            guard status < 400 else { throw Self.failure(status: status, body: body) }
            return Answer(status: status, body: body)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw unreachable(error)
        }
    }

    /// Sends `call` and returns when the answer begins; its body is still to come.
    func open(_ call: Call) async throws(Failure) -> (status: Int, body: HTTPClientResponse.Body) {
        var request = HTTPClientRequest(url: base + call.path + Self.text(call.query))
        request.method = HTTPMethod(rawValue: call.method)
        request.headers.add(name: "User-Agent", value: "muster")
        if let key { request.headers.add(name: "Authorization", value: "Bearer \(key)") }
        for header in call.headers { request.headers.replaceOrAdd(name: header.name, value: header.value) }
        if let body = call.body { request.body = .bytes(body) }
        do {
            let response = try await client.execute(request, timeout: Self.answerTimeout)
            return (Int(response.status.code), response.body)
        } catch {
            throw unreachable(error)
        }
    }

    private func unreachable(_ error: any Error) -> Failure {
        Failure(.unavailable, "\(base) does not answer: \(Self.reason(error))")
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError: error.shortDescription
        case let error as IOError: String(cString: strerror(error.errnoCode))
        default: "\(error)"
        }
    }

    /// What an answer of 400 or above means.
    static func failure(status: Int, body: [UInt8]) -> Failure {
        do {
            let problem = try JSONDecoder().decode(Problem.self, from: Data(body))
            return Failure(ExitReason(problem.type), problem.title, problem: problem)
        } catch {
            // No problem document: something else than Muster answered, so its own words are shown.
            let words = String(decoding: body.prefix(400), as: UTF8.self).printable
            return Failure(ExitReason(httpStatus: status), "HTTP status \(status)\(words.isEmpty ? "" : ": \(words)")")
        }
    }

    static func wait(_ duration: Duration) async throws(Failure) {
        do {
            try await Task.sleep(for: duration)
        } catch {
            throw Failure(.fellShort, "interrupted")
        }
    }
}

extension Service {
    private static func text(_ query: [(name: String, value: String)]) -> String {
        guard !query.isEmpty else { return "" }
        return "?" + query.map { "\(escaped($0.name))=\(escaped($0.value))" }.joined(separator: "&")
    }

    /// `text` as one segment of a path or one value of a query.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                escaped += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return escaped
    }
}
