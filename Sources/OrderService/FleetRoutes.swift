import CapacityAPI
import CapacityStore
import Hummingbird
import NIOCore
import Placement

/// Sites and hosts, for operators.
struct FleetRoutes: Sendable {
    let store: Store

    private static let fileBytes = 16 * 1_048_576

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .get, "/v1/sites", for: .operators,
                EndpointDescription(
                    "listSites", "The machine rooms by name, and the agents that serve them.",
                    parameters: [.cursor, .pageSize],
                    answers: [.json("SitePage", "One page.")],
                    problems: [422]
                ),
                answer: sites
            ),
            Endpoint(
                .post, "/v1/sites", for: .operators,
                EndpointDescription(
                    "importFleet",
                    "Takes in a fleet file of at most 16 MiB, whole or not at all: new sites and hosts are added, known "
                        + "ones brought up to date.",
                    body: ("text/csv", "Text", true),
                    answers: [.json("FleetImported", "What the file had.")],
                    problems: [409, 413, 415, 422]
                ),
                answer: importFleet
            ),
            Endpoint(
                .get, "/v1/hosts", for: .operators,
                EndpointDescription(
                    "listHosts", "The servers by name, and what is reserved on them now.",
                    parameters: [
                        .cursor, .pageSize,
                        EndpointDescription.Parameter(
                            name: "site", place: .query, schema: "Text", description: "Only those of this site."
                        ),
                    ],
                    answers: [.json("HostPage", "One page.")],
                    problems: [422]
                ),
                answer: hosts
            ),
        ]
    }

    private func sites(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let query = try QueryReader(request, knows: ["cursor", "pageSize"])
        let size = try query.pageSize()
        let records = try await store.sites(after: try query.cursor(of: .sites), limit: size + 1)
        let page = records.prefix(size).map { SiteView($0) }
        let next = records.count > size ? page.last.map { Cursor(list: .sites, place: $0.name).text } : nil
        return try .json(Page(items: page, next: next))
    }

    private func hosts(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let query = try QueryReader(request, knows: ["cursor", "pageSize", "site"])
        let size = try query.pageSize()
        let after = try query.cursor(of: .hosts)
        let records = try await store.hosts(site: query.text("site"), after: after, limit: size + 1)
        let page = records.prefix(size).map { HostView($0) }
        let next = records.count > size ? page.last.map { Cursor(list: .hosts, place: $0.name).text } : nil
        return try .json(Page(items: page, next: next))
    }

    private func importFleet(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let bytes = try await request.bytes(atMost: FleetRoutes.fileBytes, of: "text/csv")
        guard let text = String(validating: bytes.readableBytesView, as: UTF8.self) else {
            throw Problem(FleetFileError(flaws: [.init(line: 1, detail: "the file is not UTF-8")], count: 1))
        }
        let file: FleetFile
        do {
            file = try FleetFile(reading: text)
        } catch {
            throw Problem(error)
        }
        do {
            let imported = try await store.importFleet(
                sites: file.sites.map { NewSite($0) }, hosts: file.hosts.map { NewHost($0) }
            )
            return try .json(
                FleetImported(
                    sites: imported.sites, hosts: imported.hosts, inventoryVersion: imported.inventoryVersion
                )
            )
        } catch StoreError.oversold {
            throw Problem(
                .conflict,
                detail: "nothing was imported: a host would have less than is reserved on it, or move while it is"
            )
        }
    }
}
