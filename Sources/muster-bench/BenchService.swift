import AsyncHTTPClient
import CapacityAPI
import FoundationEssentials
import NIOCore
import NIOHTTP1
import Placement

/// The service under measurement, as a tenant and as an operator see it. Nothing is sent twice: a bench measures what
/// is.
struct BenchService: Sendable {
    enum Role { case tenant, `operator` }

    private let client: HTTPClient
    private let base: String
    private let tenantKey: String
    private let operatorKey: String

    static func with<Value: Sendable>(_ body: (BenchService) async throws -> Value) async throws -> Value {
        let (base, tenant, `operator`) = (
            try required("MUSTER_URL"), try required("MUSTER_KEY"), try required("MUSTER_OPERATOR_KEY")
        )
        let configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(5), read: .seconds(120)))
        return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            try await body(BenchService(client: client, base: base, tenantKey: tenant, operatorKey: `operator`))
        }
    }

    func get(_ path: String, as role: Role = .tenant) async throws -> [UInt8] {
        try Self.body(of: try await exchange(.GET, path, as: role), path)
    }

    func post(
        _ path: String,
        _ body: [UInt8],
        as role: Role = .tenant,
        type: String = "application/json"
    ) async throws -> [UInt8] {
        try Self.body(of: try await exchange(.POST, path, as: role, type: type, body: body), path)
    }

    /// Whether the service would take this order now.
    func quotes(_ order: [UInt8]) async throws -> Bool {
        try await exchange(.POST, "/v1/quotes", as: .tenant, body: order).status == 200
    }

    private static func body(of answer: (status: Int, body: [UInt8]), _ path: String) throws(BenchFailure) -> [UInt8] {
        guard answer.status < 400 else {
            let words = String(decoding: answer.body.prefix(600), as: UTF8.self)
            throw BenchFailure("\(path) answers \(answer.status): \(words)")
        }
        return answer.body
    }

    private func exchange(
        _ method: HTTPMethod,
        _ path: String,
        as role: Role,
        type: String = "application/json",
        body: [UInt8]? = nil
    ) async throws -> (status: Int, body: [UInt8]) {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        request.headers.add(name: "Authorization", value: "Bearer \(role == .tenant ? tenantKey : operatorKey)")
        if let body {
            request.headers.add(name: "Content-Type", value: type)
            request.body = .bytes(body)
        }
        let response = try await client.execute(request, timeout: .seconds(120))
        let bytes = Array(buffer: try await response.body.collect(upTo: 64 << 20))
        return (Int(response.status.code), bytes)
    }

    func decoded<Value: Decodable>(_ type: Value.Type, from body: [UInt8]) throws -> Value {
        try JSONDecoder().decode(type, from: Data(body))
    }

    /// All pages of a list.
    func all<Item: Codable & Hashable & Sendable>(
        _ type: Item.Type,
        _ path: String,
        as role: Role = .tenant
    ) async throws -> [Item] {
        var items: [Item] = []
        var cursor: String?
        repeat {
            let place = cursor.map { "&cursor=\($0)" } ?? ""
            let page = try decoded(Page<Item>.self, from: try await get("\(path)?pageSize=1000\(place)", as: role))
            items += page.items
            cursor = page.next
        } while cursor != nil
        return items
    }

    /// Brings the synthetic national fleet in.
    func importFleet(_ fleet: FleetSynthesis) async throws {
        let file = Array(fleet.fleet().text.utf8)
        let answer = try await post("/v1/sites", file, as: .operator, type: "text/csv")
        let imported = try decoded(FleetImported.self, from: answer)
        BenchReport.note("fleet: \(imported.sites) sites, \(imported.hosts) hosts")
    }
}
