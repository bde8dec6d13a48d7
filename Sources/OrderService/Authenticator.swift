import CapacityAPI
import CapacityStore
import Hummingbird
import Synchronization

/// Says who holds a key. What the database said is believed for a few seconds, so that a busy client costs no look-up
/// per request, and a revoked key is dead within that time.
final class Authenticator: Sendable {
    private struct Memory {
        var answers: [[UInt8]: (principal: Principal?, until: ContinuousClock.Instant)] = [:]
    }

    private let store: Store
    private let knownFor: Duration
    private let unknownFor = Duration.seconds(1)
    private let capacity = 4_096
    private let clock = ContinuousClock()
    private let memory = Mutex(Memory())

    init(store: Store, knownFor: Duration = .seconds(3)) {
        self.store = store
        self.knownFor = knownFor
    }

    /// Who is asking, if it may call an endpoint for `access`; throws the problem to answer otherwise.
    func principal(of request: Request, for access: Endpoint.Access) async throws -> Principal? {
        guard access != .everyone else { return nil }
        guard let key = try bearer(of: request), let principal = try await holder(of: key) else {
            throw Problem(.unauthenticated, detail: "send 'Authorization: Bearer <key>' with a key that is known here")
        }
        guard Authenticator.may(principal.role, access) else {
            throw Problem(.forbidden, detail: "this call is for \(access.rawValue); the key is of another role")
        }
        return principal
    }

    private static func may(_ role: Principal.Role, _ access: Endpoint.Access) -> Bool {
        switch (access, role) {
        case (.everyone, _): true
        case (.customers, .tenant), (.customers, .operator): true
        case (.customers, .agent): false
        case (.operators, .operator): true
        case (.operators, .tenant), (.operators, .agent): false
        case (.agents, .agent): true
        case (.agents, .tenant), (.agents, .operator): false
        }
    }

    private func bearer(of request: Request) throws -> APIKey? {
        guard let header = request.headers[.authorization] else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return APIKey(String(parts[1]))
    }

    private func holder(of key: APIKey) async throws -> Principal? {
        let hash = key.hash
        let now = clock.now
        if let known = memory.withLock({ $0.answers[hash] }), now < known.until { return known.principal }
        let principal = try await store.principal(keyHash: hash)
        let until = now + (principal == nil ? unknownFor : knownFor)
        memory.withLock { memory in
            if memory.answers.count >= capacity {
                memory.answers = memory.answers.filter { now < $0.value.until }
                if memory.answers.count >= capacity { memory.answers.removeAll() }
            }
            memory.answers[hash] = (principal, until)
        }
        return principal
    }
}
