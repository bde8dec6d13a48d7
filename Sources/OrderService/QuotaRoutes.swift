import CapacityAPI
import CapacityModel
import CapacityStore
import HTTPTypes
import Hummingbird

/// Quotas: operators set what a tenant may have at most; a tenant sees its own, with what is in use.
struct QuotaRoutes: Sendable {
    let store: Store

    private static let one = "/v1/tenants/{tenant}/quotas/{quota}"

    private static let ifMatch = EndpointDescription.Parameter(
        name: "If-Match", place: .header, schema: "Text",
        description: "The quota's ETag: the change is made only if nobody changed it since."
    )

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .get, "/v1/quotas", for: .customers,
                EndpointDescription(
                    "listOwnQuotas", "What the tenant may have at most, and what is in use of it.",
                    answers: [.json("QuotaList", "All of them, by name.")]
                ),
                answer: own
            ),
            Endpoint(
                .get, "/v1/tenants/{tenant}/quotas", for: .operators,
                EndpointDescription(
                    "listQuotas", "A tenant's quotas, and what is in use of them.",
                    answers: [.json("QuotaList", "All of them, by name.")], problems: [404]
                ),
                answer: list
            ),
            Endpoint(
                .get, Self.one, for: .operators,
                EndpointDescription(
                    "getQuota", "One quota, its revision as ETag.",
                    answers: [.json("QuotaView", "The quota, and what is in use of it.")], problems: [404]
                ),
                answer: show
            ),
            Endpoint(
                .put, Self.one, for: .operators,
                EndpointDescription(
                    "putQuota",
                    "Makes a quota or replaces it. What is in use may exceed it: nothing is taken away, more is refused.",
                    parameters: [Self.ifMatch],
                    body: ("application/json", "Quota", true),
                    answers: [
                        .json("QuotaView", "The quota, made.", status: 201), .json("QuotaView", "The quota, replaced."),
                    ],
                    problems: [404, 412, 413, 415, 422]
                ),
                answer: put
            ),
            Endpoint(
                .delete, Self.one, for: .operators,
                EndpointDescription(
                    "deleteQuota", "Takes a quota away.",
                    parameters: [Self.ifMatch],
                    answers: [EndpointDescription.Answer(status: 204, description: "It is gone.", content: [])],
                    problems: [404, 412]
                ),
                answer: delete
            ),
        ]
    }

    private func own(_ request: Request, _ context: ServiceContext) async throws -> Response {
        guard case .tenant? = context.principal?.role, let name = context.principal?.name else {
            throw Problem(.forbidden, detail: "a tenant's key sees its own quotas; ask for /v1/tenants/{tenant}/quotas")
        }
        return try .json(QuotaList(items: try await store.quotas(of: name).map { QuotaView($0) }))
    }

    private func list(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let tenant = tenantName(in: context)
        let records = try await store.quotas(of: tenant)
        if records.isEmpty, try await !store.hasTenant(tenant) { throw noTenant(tenant) }
        return try .json(QuotaList(items: records.map { QuotaView($0) }))
    }

    private func show(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let (tenant, name) = (tenantName(in: context), quotaName(in: context))
        guard let record = try await store.quotas(of: tenant, named: name).first else {
            throw noQuota(name, of: tenant)
        }
        return try answer(record)
    }

    private func put(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let name = quotaName(in: context)
        let quota = try Quota.read(try await request.json(), named: name).orProblem()
        let revision = try request.revision(orElse: mismatch(current: nil))
        return try answer(try await store.put(quota, of: tenantName(in: context), revision: revision), context)
    }

    private func delete(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let revision = try request.revision(orElse: mismatch(current: nil))
        let outcome = try await store.deleteQuota(
            quotaName(in: context), of: tenantName(in: context), revision: revision)
        return try answer(outcome, context)
    }

    private func answer(_ outcome: QuotaChangeOutcome, _ context: ServiceContext) throws -> Response {
        switch outcome {
        case .put(let record):
            return try answer(record, status: record.revision == 1 ? .created : .ok)
        case .deleted:
            return Response(status: .noContent)
        case .noTenant:
            throw noTenant(tenantName(in: context))
        case .noQuota:
            throw noQuota(quotaName(in: context), of: tenantName(in: context))
        case .revisionMismatch(let current):
            throw mismatch(current: current)
        case .tooMany:
            let detail = "a tenant has at most \(Store.quotasOfTenant) quotas"
            throw Problem(
                .invalidOrder, detail: detail, errors: [FieldError(pointer: "", code: .tooMany, detail: detail)])
        }
    }

    private func answer(_ record: QuotaRecord, status: HTTPResponse.Status = .ok) throws -> Response {
        try .json(QuotaView(record), status: status, headers: [.eTag: "\"\(record.revision)\""])
    }

    private func tenantName(in context: ServiceContext) -> String { context.parameters.get("tenant") ?? "" }

    private func quotaName(in context: ServiceContext) -> String { context.parameters.get("quota") ?? "" }

    private func noTenant(_ name: String) -> Problem {
        Problem(.notFound, detail: "there is no tenant '\(name.prefix(64))'; its first key makes it")
    }

    private func noQuota(_ name: String, of tenant: String) -> Problem {
        Problem(.notFound, detail: "tenant '\(tenant.prefix(64))' has no quota '\(name.prefix(64))'")
    }

    private func mismatch(current: Int64?) -> Problem {
        let now = current.map { "the quota is at revision \($0) now" } ?? "there is no such revision of the quota"
        return Problem(.preconditionFailed, detail: "\(now); read it again")
    }
}

extension QuotaView {
    init(_ record: QuotaRecord) {
        let quota = record.quota
        self.init(
            tenant: record.tenant, name: quota.name, scope: quota.scope, from: quota.during.from,
            until: quota.during.until,
            limits: record.uses.map {
                LimitView($0.limit, usedNow: $0.first, peakAhead: $0.peak, peakAt: $0.peakAt)
            },
            revision: record.revision, changedAt: record.changedAt
        )
    }
}
