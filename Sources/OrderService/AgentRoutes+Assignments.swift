import CapacityAPI
import CapacityModel
import CapacityStore
import Hummingbird

/// The long poll: what shall run at a site.
extension AgentRoutes {
    var assignmentsEndpoint: Endpoint {
        Endpoint(
            .get, "/agent/v1/sites/{site}/assignments", for: .agents, pace: .waiting,
            EndpointDescription(
                "pollAssignments",
                "The assignments of a site after a cursor; where there are none, the answer waits for the first.",
                parameters: [
                    EndpointDescription.Parameter(
                        name: "after", place: .query, schema: "Sequence",
                        description: "The last sequence seen; 0 if absent."
                    ),
                    EndpointDescription.Parameter(
                        name: "wait", place: .query, schema: "Wait",
                        description: "For how many seconds the answer may wait; 0 if absent, at most 30."
                    ),
                ],
                answers: [.json("Assignments", "The next assignments; none when nothing came in time.")],
                problems: [404, 422]
            ),
            answer: assignments
        )
    }

    private func assignments(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let query = try QueryReader(request, knows: ["after", "wait"])
        let after = try query.integer("after", in: 0...Int64.max, default: 0)
        let wait = try query.integer("wait", in: 0...AgentWire.waitLimitSeconds, default: 0)
        let site = try await knownSite(context)
        let seat = await hub.sit(.site(site.id.rawValue))
        do {
            let found = try await poll(site.name, after: after, wait: .seconds(wait), seat)
            await hub.leave(seat)
            return try .json(found)
        } catch {
            await hub.leave(seat)
            throw error
        }
    }

    /// Looks, and where there is nothing waits and looks again: after each wake, every few seconds, and at the end.
    private func poll(
        _ site: String,
        after: Int64,
        wait: Duration,
        _ seat: Hub.Seat
    ) async throws -> AgentWire.Assignments {
        let deadline = ContinuousClock.now + wait
        var isLastLook = wait == .zero
        while true {
            // One more than is sent says whether more follow.
            let limit = AgentWire.batchLimit
            guard let found = try await store.assignments(site: site, after: after, limit: limit + 1) else {
                throw Problem(.notFound, detail: "no site is named '\(site)'")
            }
            guard found.rows.isEmpty, !isLastLook else {
                return AgentWire.Assignments(
                    assignments: found.rows.prefix(limit).map { AgentWire.Assignment($0) },
                    now: found.now,
                    more: found.rows.count > limit
                )
            }
            let left = deadline - .now
            switch await hub.wait(seat, atMost: min(left, rhythm.look)) {
            case .news: break
            case .timeout: isLastLook = left <= rhythm.look
            case .stopping: isLastLook = true
            }
        }
    }
}
