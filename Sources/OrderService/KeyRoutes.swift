import CapacityAPI
package import CapacityStore
import Hummingbird

/// API keys, for operators.
struct KeyRoutes: Sendable {
    let store: Store

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .post, "/v1/keys", for: .operators,
                EndpointDescription(
                    "createKey", "Makes an API key, and its tenant where that is new. The key is shown this once.",
                    body: ("application/json", "KeyRequest", true),
                    answers: [.json("KeyCreated", "The key.", status: 201)],
                    problems: [413, 415, 422]
                ),
                answer: create
            )
        ]
    }

    private func create(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let wanted = try KeyRequest.read(try await request.json()).orProblem()
        let key = try await store.createKey(wanted)
        let created = KeyCreated(key: key.text, role: wanted.role.rawValue, tenant: wanted.tenant)
        return try .json(created, status: .created, headers: [.cacheControl: "no-store"])
    }
}

extension Store {
    /// A new key of this kind, its hash stored.
    func createKey(_ wanted: KeyRequest) async throws(StoreError) -> APIKey {
        let key = APIKey(for: wanted.role)
        try await createKey(
            role: wanted.role.rawValue, tenant: wanted.tenant, prefix: key.prefix, hash: key.hash
        )
        return key
    }

    /// A new key's text, for the first keys of a service, which nobody can yet ask for over HTTP. A tenant is kept for a
    /// tenant's key only. `nil` where no such role, or no such tenant, can be.
    package func newKey(role: String, tenant: String?) async throws(StoreError) -> String? {
        guard let role = KeyRole(rawValue: role) else { return nil }
        let owner = role == .tenant ? tenant : nil
        guard role != .tenant || owner.map(KeyRequest.isName) == true else { return nil }
        return try await createKey(KeyRequest(role: role, tenant: owner)).text
    }
}
