import AsyncHTTPClient
package import CapacityAPI
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// The centre over HTTP: JSON, a bearer key, one shared client.
package struct HTTPCentre: Centre {
    /// More than a thousand assignments with long environments take.
    private static let answerLimitBytes = 32 << 20
    private static let patienceSeconds: Int64 = 20

    private let client: HTTPClient
    private let base: String
    private let key: String

    /// - Parameters:
    ///   - server: such as `http://127.0.0.1:8080`.
    ///   - siteLimit: how many sites the agent may come to serve. Each holds one question open and sends reports
    ///     beside it.
    package init(server: String, key: String, siteLimit: Int = 2_048) {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(5)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = siteLimit * 2
        // A connection refused is said at once; trying again is the agent's own affair.
        configuration.connectionPool.retryConnectionEstablishment = false
        self.client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        self.base = server.hasSuffix("/") ? String(server.dropLast()) : server
        self.key = key
    }

    /// Closes all connections. No call may follow.
    package func shutdown() async throws {
        try await client.shutdown()
    }

    package func join(_ request: AgentWire.Join) async throws(CentreFailure) -> AgentWire.Joined {
        try decode(try await call("/agent/v1/join", body: try encode(request)))
    }

    package func inventory(_ inventory: AgentWire.Inventory, of site: String) async throws(CentreFailure) {
        _ = try await call("/agent/v1/sites/\(escaped(site))/inventory", body: try encode(inventory))
    }

    package func assignments(
        of site: String,
        after sequence: Int64,
        waitSeconds: Int64
    ) async throws(CentreFailure) -> AgentWire.Assignments {
        let path = "/agent/v1/sites/\(escaped(site))/assignments?after=\(sequence)&wait=\(waitSeconds)"
        return try decode(try await call(path, body: nil, waitSeconds: waitSeconds))
    }

    package func report(
        _ report: AgentWire.Report,
        of site: String
    ) async throws(CentreFailure) -> AgentWire.Reported {
        try decode(try await call("/agent/v1/sites/\(escaped(site))/reports", body: try encode(report)))
    }
}

extension HTTPCentre {
    private func call(
        _ path: String, body: ByteBuffer?, waitSeconds: Int64 = 0
    ) async throws(CentreFailure) -> ByteBuffer {
        var request = HTTPClientRequest(url: base + path)
        request.headers.add(name: "Authorization", value: "Bearer \(key)")
        request.headers.add(name: "Accept", value: "application/json")
        if let body {
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(body)
        }
        let status: UInt
        let answer: ByteBuffer
        do {
            let response = try await client.execute(request, timeout: .seconds(waitSeconds + Self.patienceSeconds))
            status = response.status.code
            answer = try await response.body.collect(upTo: Self.answerLimitBytes)
        } catch is CancellationError {
            throw .cancelled
        } catch let error as HTTPClientError where error == .cancelled {
            throw .cancelled
        } catch {
            throw .unreachable("\(error)")
        }
        guard status >= 300 else { return answer }
        let text = "\(request.method.rawValue) \(path): \(status) \(String(buffer: answer).prefix(500))"
        switch status {
        case 401, 403: throw .unauthorized(text)
        case 408, 425, 429, 500...: throw .unreachable(text)
        default: throw .refused(text)
        }
    }

    private func encode(_ value: some Encodable) throws(CentreFailure) -> ByteBuffer {
        do {
            return ByteBuffer(bytes: try JSONEncoder().encode(value))
        } catch {
            throw .refused("the request cannot be written as JSON: \(error)")
        }
    }

    private func decode<Value: Decodable>(_ buffer: ByteBuffer) throws(CentreFailure) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(buffer.readableBytesView))
        } catch {
            throw .refused("the answer cannot be read: \(error)")
        }
    }

    /// `text` as one part of a path.
    private func escaped(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            if scalar.properties.isAlphabetic && byte < 128 || (48...57).contains(byte) || "-._~".utf8.contains(byte) {
                escaped.unicodeScalars.append(scalar)
            } else {
                escaped += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return escaped
    }
}
