import CapacityAPI
import CapacityModel
import CapacityStore
import Hummingbird

/// Tenants and their classes, for operators.
struct TenantRoutes: Sendable {
    let store: Store

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .get, "/v1/tenants", for: .operators,
                EndpointDescription(
                    "listTenants", "The tenants by name, and the class of each.",
                    parameters: [.cursor, .pageSize],
                    answers: [.json("TenantPage", "One page.")],
                    problems: [422]
                ),
                answer: list
            ),
            Endpoint(
                .patch, "/v1/tenants/{tenant}", for: .operators,
                EndpointDescription(
                    "setTenantClass",
                    "Puts a tenant into a class, for which capacity may be protected. What it has reserved stays where it is and "
                        + "counts for its new class.",
                    body: ("application/json", "TenantRequest", true),
                    answers: [.json("Tenant", "The tenant as it then is.")],
                    problems: [404, 413, 415, 422]
                ),
                answer: setClass
            ),
        ]
    }

    private func list(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let query = try QueryReader(request, knows: ["cursor", "pageSize"])
        let size = try query.pageSize()
        let records = try await store.tenants(after: try query.cursor(of: .tenants), limit: size + 1)
        let page = records.prefix(size).map { TenantView($0) }
        let next = records.count > size ? page.last.map { Cursor(list: .tenants, place: $0.name).text } : nil
        return try .json(Page(items: page, next: next))
    }

    private func setClass(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let wanted = try TenantRequest.read(try await request.json()).orProblem()
        let name = context.parameters.get("tenant") ?? ""
        guard let record = try await store.setClass(wanted.tenantClass, ofTenant: name) else {
            throw Problem(.notFound, detail: "there is no tenant '\(name.prefix(64))'; its first key makes it")
        }
        return try .json(TenantView(record))
    }
}

extension TenantView {
    init(_ record: TenantRecord) {
        self.init(name: record.name, tenantClass: record.tenantClass.rawValue, createdAt: record.createdAt)
    }
}
