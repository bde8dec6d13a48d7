import CapacityAPI
import CapacityModel
import CapacityStore
import Hummingbird

/// What agents say and ask.
struct AgentRoutes: Sendable {
    let store: Store
    let hub: Hub
    let sites: SiteDirectory
    let collector: ReportCollector
    let rhythm: Rhythm

    static let bodyBytes = 4 * 1_048_576

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .post, "/agent/v1/join", for: .agents,
                EndpointDescription(
                    "join", "Says which sites an agent serves, and learns how far their reports have come.",
                    body: ("application/json", "Join", true),
                    answers: [.json("Joined", "The sites that are known.")],
                    problems: [413, 415, 422]
                ),
                answer: join
            ),
            Endpoint(
                .post, "/agent/v1/sites/{site}/inventory", for: .agents,
                EndpointDescription(
                    "reportInventory", "Says what runs at a site, and learns what should not.",
                    body: ("application/json", "Inventory", true),
                    answers: [.json("Inventory", "The instances among them that the centre does not know: stop them.")],
                    problems: [404, 413, 415, 422]
                ),
                answer: inventory
            ),
            assignmentsEndpoint,
            Endpoint(
                .post, "/agent/v1/sites/{site}/reports", for: .agents,
                EndpointDescription(
                    "report", "Says what became of instances. A sequence seen before changes nothing.",
                    body: ("application/json", "Report", true),
                    answers: [.json("Reported", "The last sequence the centre has, stored.")],
                    problems: [404, 413, 415, 422]
                ),
                answer: report
            ),
        ]
    }

    private func join(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let join = try await request.decoded(AgentWire.Join.self, atMost: AgentRoutes.bodyBytes)
        let texts = [("agent", join.agent), ("engine", join.engine)] + join.sites.map { ("sites", $0) }
        for (name, text) in texts where text.isEmpty || text.utf8.count > 256 || text.utf8.contains(0) {
            let detail = "\(name): 1 to 256 bytes, none of them zero"
            throw Problem(
                .invalidOrder, detail: detail,
                errors: [FieldError(pointer: "/\(name)", code: .outOfRange, detail: detail)]
            )
        }
        let known = try await store.join(agent: join.agent, sites: join.sites, engine: join.engine)
        let joined = known.map { AgentWire.Joined.Site(name: $0.name, reportSequence: $0.reportSequence) }
        return try .json(AgentWire.Joined(sites: joined, now: try await store.now()))
    }

    private func inventory(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let site = try await knownSite(context)
        let found = try await request.decoded(AgentWire.Inventory.self, atMost: AgentRoutes.bodyBytes).instances
        // What has an id we never gave is not ours to know, let alone to keep.
        let strange = found.filter { InstanceID(text: $0) == nil }
        let unknown = try await store.unknownInstances(site: site.name, found.compactMap { InstanceID(text: $0) })
        return try .json(AgentWire.Inventory(instances: unknown.map(\.text) + strange))
    }

    private func report(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let site = try await knownSite(context)
        let report = try await request.decoded(AgentWire.Report.self, atMost: AgentRoutes.bodyBytes)
        guard report.sequence > 0, report.observations.count <= AgentWire.batchLimit else {
            let detail = "a sequence above zero, and at most \(AgentWire.batchLimit) observations"
            throw Problem(
                .invalidOrder, detail: detail, errors: [FieldError(pointer: "", code: .outOfRange, detail: detail)]
            )
        }
        let sequence = try await collector.submit(
            SiteReport(
                site: site.name,
                sequence: report.sequence,
                observations: report.observations.compactMap { ObservationRecord($0) }
            )
        )
        return try .json(AgentWire.Reported(sequence: sequence, now: try await store.now()))
    }

    func knownSite(_ context: ServiceContext) async throws -> SiteDirectory.Entry {
        let name = context.parameters.get("site") ?? ""
        guard let site = try await sites.find(name) else {
            throw Problem(.notFound, detail: "no site is named '\(name.prefix(64))'")
        }
        return site
    }
}
