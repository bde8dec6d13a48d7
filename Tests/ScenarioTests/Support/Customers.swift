import AsyncHTTPClient
import CapacityAPI
import FoundationEssentials
import NIOCore
import NIOHTTP1
import Synchronization

/// People who order one small thing after another, and send the very same again when nobody answers.
final class Customers: Sendable {
    private struct State {
        /// By idempotency key: the id that was acknowledged.
        var acknowledged: [String: String] = [:]
        var isOver = false
    }

    private let stack: Stack
    private let state = Mutex(State())

    private static let count = 4
    /// The most orders of one customer: a bound, far from what a story takes.
    private static let orderLimit = 200

    private init(_ stack: Stack) {
        self.stack = stack
    }

    /// Lets customers order for as long as `trouble` goes on. Returns, by idempotency key, the ids they were told.
    static func keepOrdering(
        from stack: Stack, during trouble: (Customers) async throws -> Void
    ) async throws -> [String: String] {
        let customers = Customers(stack)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                group.addTask { try await customers.order(as: number) }
            }
            try await trouble(customers)
            customers.state.withLock { $0.isOver = true }
            try await group.waitForAll()
        }
        return customers.state.withLock { $0.acknowledged }
    }

    /// Returns when so many more orders have been acknowledged as there were.
    func acknowledged(more count: Int) async throws {
        let before = state.withLock { $0.acknowledged.count }
        try await eventually("\(count) more orders are acknowledged") {
            state.withLock { $0.acknowledged.count } >= before + count ? () : nil
        }
    }

    private func order(as customer: Int) async throws {
        for number in 0..<Self.orderLimit where !state.withLock({ $0.isOver }) {
            let key = "customer-\(customer)-\(number)"
            let id = try await eventually("order \(key) is acknowledged") { try await Self.place(key, at: stack) }
            state.withLock { $0.acknowledged[key] = id }
        }
    }

    /// Sends the order once and returns its id; throws where the answer leaves open whether it was taken.
    static func place(_ key: String, at stack: Stack) async throws -> String {
        var request = HTTPClientRequest(url: try stack.url + "/v1/orders")
        request.method = .POST
        request.headers.add(name: "Authorization", value: "Bearer \(try stack.key(of: .tenant))")
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "Idempotency-Key", value: key)
        request.body = .bytes(ByteBuffer(string: OrderText(count: 1, window: "PT10S").json))
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        let body = try await answer.body.collect(upTo: 1 << 20)
        guard answer.status.code < 300 else { throw Complaint("\(answer.status): \(String(buffer: body))") }
        return try JSONDecoder().decode(OrderView.self, from: Data(body.readableBytesView)).id
    }
}
