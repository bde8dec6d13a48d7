import CapacityAPI
import CapacityModel
import CapacityStore
import Hummingbird

/// What of a host may be reserved, for operators: the system's share, and how often a site sells its vCPU.
struct FleetTermsRoutes: Sendable {
    let store: Store

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .patch, "/v1/sites/{id}", for: .operators,
                EndpointDescription(
                    "setSiteTerms",
                    "Sets how often a site sells its vCPU, and what of each host is kept for its system. Refused where a host would "
                        + "have less than is reserved on it.",
                    body: ("application/json", "SiteTerms", true),
                    answers: [.json("Site", "The site as it then is.")],
                    problems: [404, 409, 413, 415, 422]
                ),
                answer: setSite
            ),
            Endpoint(
                .patch, "/v1/hosts/{id}", for: .operators,
                EndpointDescription(
                    "setHostTerms",
                    "Keeps a share of its own of a host for its system. Refused where it would have less than is reserved on it.",
                    body: ("application/json", "HostTerms", true),
                    answers: [.json("Host", "The host as it then is.")],
                    problems: [404, 409, 413, 415, 422]
                ),
                answer: setHost
            ),
        ]
    }

    private func setSite(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let wanted = try SiteTermsRequest.read(try await request.json()).orProblem()
        let change = SiteTermsChange(
            vcpuOversellPermille: wanted.vcpuOversellPermille, system: wanted.systemShare.map { Resources($0) }
        )
        let name = context.parameters.get("id") ?? ""
        let record = try await refusing { () throws(StoreError) in try await store.set(change, ofSite: name) }
        guard let record else { throw Problem(.notFound, detail: "there is no site '\(name.prefix(64))'") }
        return try .json(SiteView(record))
    }

    private func setHost(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let wanted = try HostTermsRequest.read(try await request.json()).orProblem()
        let share = HostSystemShare(
            vcpuMilli: wanted.vcpuMilli, memoryMiB: wanted.memoryMiB, diskGiB: wanted.diskGiB,
            bandwidthMbps: wanted.bandwidthMbps
        )
        let name = context.parameters.get("id") ?? ""
        let record = try await refusing { () throws(StoreError) in try await store.set(share, ofHost: name) }
        guard let record else { throw Problem(.notFound, detail: "there is no host '\(name.prefix(64))'") }
        return try .json(HostView(record))
    }

    private func refusing<Record>(_ set: () async throws(StoreError) -> Record?) async throws -> Record? {
        do {
            return try await set()
        } catch StoreError.oversold {
            throw Problem(.conflict, detail: "nothing was changed: a host would have less than is reserved on it")
        }
    }
}

extension Resources {
    /// A site's share: what was left out is nothing.
    fileprivate init(_ share: SystemShare) {
        self.init(
            vcpuMilli: share.vcpuMilli ?? 0, memoryMiB: share.memoryMiB ?? 0, diskGiB: share.diskGiB ?? 0,
            bandwidthMbps: share.bandwidthMbps ?? 0
        )
    }
}
