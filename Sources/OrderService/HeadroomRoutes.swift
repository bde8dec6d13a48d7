import CapacityAPI
import CapacityModel
import CapacityStore
import Delivery
import HTTPTypes
import Hummingbird

/// What is protected at sites for which tenants, for operators.
struct HeadroomRoutes: Sendable {
    let desk: FleetDesk
    let store: Store

    private static let one = "/v1/sites/{id}/headrooms/{class}"
    /// The most shortfalls an answer lists.
    private static let shortfallLimit = 1_000

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .get, "/v1/headrooms", for: .operators,
                EndpointDescription(
                    "listHeadrooms", "What is protected for which class of tenants, by site and class.",
                    parameters: [
                        .cursor, .pageSize,
                        EndpointDescription.Parameter(
                            name: "site", place: .query, schema: "Text", description: "Only those of this site."
                        ),
                    ],
                    answers: [.json("HeadroomPage", "One page.")],
                    problems: [422]
                ),
                answer: list
            ),
            Endpoint(
                .get, Self.one, for: .operators,
                EndpointDescription(
                    "getHeadroom", "What is protected at a site for a class, and what others use of it still.",
                    answers: [.json("Headroom", "The headroom as it stands.")], problems: [404]
                ),
                answer: show
            ),
            Endpoint(
                .put, Self.one, for: .operators,
                EndpointDescription(
                    "putHeadroom",
                    "Protects a share or amounts of a site for a class of tenants, or for 'nobody': others never reserve into it. "
                        + "Who uses it already stays, is the shortfall, and takes no more.",
                    body: ("application/json", "HeadroomRequest", true),
                    answers: [.json("Headroom", "The headroom, and what others use of it still.")],
                    problems: [404, 413, 415, 422]
                ),
                answer: put
            ),
            Endpoint(
                .delete, Self.one, for: .operators,
                EndpointDescription(
                    "deleteHeadroom", "Ends the protection.",
                    answers: [EndpointDescription.Answer(status: 204, description: "It is gone.", content: [])],
                    problems: [404]
                ),
                answer: delete
            ),
        ]
    }

    private func list(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let query = try QueryReader(request, knows: ["cursor", "pageSize", "site"])
        let size = try query.pageSize()
        // A class has no slash.
        let after = try query.cursor(of: .headrooms).flatMap { place in
            place.lastIndex(of: "/").map {
                (site: String(place[..<$0]), tenantClass: String(place[place.index(after: $0)...]))
            }
        }
        let records = try await store.headrooms(site: query.text("site"), after: after, limit: size + 1)
        let page = records.prefix(size).map { HeadroomView($0) }
        let next =
            records.count > size
            ? page.last.map { Cursor(list: .headrooms, place: "\($0.site)/\($0.tenantClass)").text } : nil
        return try .json(Page(items: page, next: next))
    }

    private func show(_ request: Request, _ context: ServiceContext) async throws -> Response {
        try .json(try await view(in: context))
    }

    private func put(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let (site, name) = names(in: context)
        let wanted = try HeadroomRequest.read(try await request.json()).orProblem()
        guard let tenantClass = TenantClass(name: name) else {
            let detail = TenantClass.form(butFound: name)
            throw Problem(
                .invalidOrder, detail: detail, errors: [FieldError(pointer: "", code: .badFormat, detail: detail)])
        }
        let headroom = Headroom(site: site, tenantClass: tenantClass, size: wanted.size, reason: wanted.reason)
        switch try await desk.set(headroom) {
        case .set:
            return try .json(try await view(in: context))
        case .noSite:
            throw Problem(.notFound, detail: "there is no site '\(site.prefix(64))'")
        case .tooMany:
            let detail = "a site has at most \(Store.headroomsOfSite) headrooms"
            throw Problem(
                .invalidOrder, detail: detail, errors: [FieldError(pointer: "", code: .tooMany, detail: detail)])
        case .tooLarge(let column, let wanted, let allocatable):
            let resource = ShortfallView.Resource(column: column)
            let field = resource.map { "/amounts/\($0.name)" } ?? "/amounts"
            let detail =
                "with what is protected for other classes it is \(resource?.shown(wanted) ?? 0); the site has "
                + "\(resource?.shown(allocatable) ?? 0)"
            let pointer = if case .share = headroom.size { "/share" } else { field }
            throw Problem(
                .invalidOrder, detail: detail,
                errors: [FieldError(pointer: pointer, code: .outOfRange, detail: detail)])
        }
    }

    private func delete(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let (site, name) = names(in: context)
        guard let tenantClass = TenantClass(name: name),
            try await desk.removeHeadroom(for: tenantClass, at: site)
        else { throw notFound(site, name) }
        return Response(status: .noContent)
    }

    private func view(in context: ServiceContext) async throws -> HeadroomView {
        let (site, name) = names(in: context)
        let record = try await store.headrooms(site: site, limit: Store.headroomsOfSite)
            .first { $0.headroom.tenantClass.rawValue == name }
        guard let record else { throw notFound(site, name) }
        var view = HeadroomView(record)
        let shortfalls = try await store.headroomShortfalls(at: site, limit: Self.shortfallLimit)
        view.shortfall = ShortfallView(
            until: shortfalls.until, items: shortfalls.listed.map { ShortfallView.Item($0) },
            more: shortfalls.count > shortfalls.listed.count)
        return view
    }

    private func names(in context: ServiceContext) -> (site: String, tenantClass: String) {
        (context.parameters.get("id") ?? "", context.parameters.get("class") ?? "")
    }

    private func notFound(_ site: String, _ tenantClass: String) -> Problem {
        Problem(
            .notFound, detail: "nothing is protected for '\(tenantClass.prefix(64))' at a site '\(site.prefix(64))'")
    }
}

extension HeadroomView {
    init(_ record: HeadroomRecord) {
        self.init(
            record.headroom, protected: record.protected, used: record.used, changedAt: record.changedAt)
    }
}

extension ShortfallView {
    /// A resource by its column, as people write it.
    struct Resource {
        let name: String
        private let divisor: Double

        init?(column: String) {
            switch column {
            case "vcpu_milli": (name, divisor) = ("vcpu", 1_000)
            case "memory_mib": (name, divisor) = ("memoryMiB", 1)
            case "disk_gib": (name, divisor) = ("diskGiB", 1)
            case "bandwidth_mbps": (name, divisor) = ("bandwidthMbps", 1)
            case "gpu_count": (name, divisor) = ("gpu", 1)
            default: return nil
            }
        }

        func shown(_ amount: Int64) -> Double { Double(amount) / divisor }
    }
}

extension ShortfallView.Item {
    init(_ shortfall: HeadroomShortfall) {
        let resource = ShortfallView.Resource(column: shortfall.resource)
        self.init(
            host: shortfall.host, resource: resource?.name ?? shortfall.resource,
            missing: resource?.shown(shortfall.missing) ?? Double(shortfall.missing),
            window: WindowView(shortfall.window))
    }
}
