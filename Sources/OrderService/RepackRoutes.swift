import CapacityAPI
import CapacityModel
import CapacityStore
import Delivery
import Hummingbird

/// Bringing together what has not begun, for operators.
struct RepackRoutes: Sendable {
    let desk: OrderDesk

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .post, "/v1/repack", for: .operators,
                EndpointDescription(
                    "repack",
                    "Proposes moves of orders that begin in more than ten minutes, and of reservations, to other hosts of "
                        + "their sites, and says what they win: room for instances of 32 vCPU and 96 GiB, and empty hosts. "
                        + "With `apply` the moves are made; nothing that runs is ever moved.",
                    body: ("application/json", "RepackRequest", false),
                    answers: [.json("Repacking", "The moves and what they win.")],
                    problems: [413, 415, 422]
                ),
                answer: repack
            )
        ]
    }

    private func repack(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let wanted = try RepackRequest.read(try await request.json(empty: .object([:]))).orProblem()
        return try .json(RepackView(try await desk.repack(moves: wanted.moves, apply: wanted.apply), wanted))
    }
}

extension RepackView {
    fileprivate init(_ outcome: RepackOutcome, _ request: RepackRequest) {
        self.init(
            applied: request.apply,
            moves: outcome.moves.map { move in
                let owner =
                    switch move.owner {
                    case .order(let id): id.text
                    case .hold(let id): id.text
                    }
                return Move(
                    of: owner, count: move.count, site: move.site, from: move.from, to: move.to, held: move.held,
                    vcpu: Double(move.amounts.vcpuMilli) / 1_000, memoryMiB: move.amounts.memoryMiB, made: move.isMade
                )
            },
            largeSlotHours: Double(outcome.slotSecondsWon) / 3_600, hostsEmptied: outcome.hostsEmptied,
            stopped: outcome.stopped
        )
    }
}
