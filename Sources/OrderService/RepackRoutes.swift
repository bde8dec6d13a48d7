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
                .get, "/v1/repack", for: .operators,
                EndpointDescription(
                    "getRepackProposal",
                    "What the background re-packer would move, and what that would win: its newest proposal, made anew every "
                        + "five minutes. It moves nothing by itself.",
                    answers: [.json("Repacking", "The newest proposal.")],
                    problems: [404]
                ),
                answer: newest
            ),
            Endpoint(
                .post, "/v1/repack", for: .operators,
                EndpointDescription(
                    "repack",
                    "Proposes moves of orders that begin in more than ten minutes, and of reservations, to other hosts of "
                        + "their sites, and says what they win: room for instances of 32 vCPU and 96 GiB, and empty hosts. "
                        + "With `apply` the moves are made, with `proposal` those of the newest stored one. What runs moves only with "
                        + "`running`: its replacement is delivered first, and it is told to stop when that is ready.",
                    body: ("application/json", "RepackRequest", false),
                    answers: [.json("Repacking", "The moves and what they win.")],
                    problems: [412, 413, 415, 422]
                ),
                answer: repack
            ),
        ]
    }

    private func newest(_ request: Request, _ context: ServiceContext) async throws -> Response {
        guard let proposal = try await desk.repackProposal() else {
            throw Problem(
                .notFound, detail: "nothing was proposed yet; a worker's first proposal comes within five minutes")
        }
        return try .json(RepackView(proposal, isApplied: false))
    }

    private func repack(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let wanted = try RepackRequest.read(try await request.json(empty: .object([:]))).orProblem()
        guard let proposal = wanted.proposal else {
            let outcome = try await desk.repack(
                moves: wanted.moves, running: wanted.running, apply: wanted.apply)
            return try .json(RepackView(outcome, isApplied: wanted.apply))
        }
        switch try await desk.repack(proposal: proposal) {
        case .made(let outcome):
            return try .json(RepackView(outcome, isApplied: true))
        case .outdated(let why):
            throw Problem(.preconditionFailed, detail: "\(why); read the newest, or leave 'proposal' out")
        }
    }
}

extension RepackView {
    fileprivate init(_ outcome: RepackOutcome, isApplied: Bool) {
        self.init(
            applied: isApplied,
            moves: outcome.moves.map { move in
                let owner =
                    switch move.owner {
                    case .order(let id): id.text
                    case .hold(let id): id.text
                    }
                return Move(
                    of: owner, count: move.count, site: move.site, from: move.from, to: move.to, held: move.held,
                    vcpu: Double(move.amounts.vcpuMilli) / 1_000, memoryMiB: move.amounts.memoryMiB,
                    running: move.isRunning, made: move.isMade
                )
            },
            largeSlotHours: Double(outcome.slotSecondsWon) / 3_600, hostsEmptied: outcome.hostsEmptied,
            stopped: outcome.stopped, proposal: outcome.proposal?.id, proposedAt: outcome.proposal?.proposedAt,
            inventoryVersion: outcome.proposal?.inventoryVersion
        )
    }
}
