package import CapacityModel
package import CapacityStore
import JobQueue
import Placement
import Postgres

/// What a re-packing would move, or has moved, and what it wins.
package struct RepackOutcome: Hashable, Sendable {
    package struct Move: Hashable, Sendable {
        package var owner: MovableRow.Owner
        package var count: Int
        package var site: String
        package var from: String
        package var to: String
        package var held: Window
        package var amounts: Resources
        /// Whether it is about instances that run: their replacements are made first.
        package var isRunning: Bool
        /// Whether the ledger has it; never of a proposal. Of what runs: whether the replacements are on their way.
        package var isMade: Bool
    }

    package var moves: [Move]
    /// Of all moves together: seconds of room for one more 32C96G, over all hosts.
    package var slotSecondsWon: Int64
    package var hostsEmptied: Int
    /// Why the moves after those that are made were not; `nil` where there is nothing to say.
    package var stopped: String?
    /// The stored proposal that this is, or that was made; `nil` of one that was computed for the call.
    package var proposal: RepackProposalHead?
}

/// What became of the wish to make a stored proposal's moves.
package enum RepackOutcomeOfProposal: Hashable, Sendable {
    case made(RepackOutcome)
    /// It is not the newest one, or the fleet is another by now: a sentence for a person.
    case outdated(String)
}

extension OrderDesk {
    /// Orders that begin sooner are left alone: their sites may be told about them any moment.
    package static let repackingLead = Repacker.lead
    /// Moves that commit together.
    private static let movesAtOnce = 50

    /// Proposes at most `moves` moves of what has not begun and, if asked to, of what runs, and makes them if asked to.
    ///
    /// They are made in their order, so many in a transaction, each only where its row still stands where it stood. The first
    /// batch that the ledger refuses, since somebody took the room in between, ends it: what is made stays, and fits.
    package func repack(
        moves limit: Int, running: Bool = false, apply: Bool
    ) async throws(StoreError) -> RepackOutcome {
        let proposal = try await Repacker(store: store, planner: planner).propose(
            limits: RepackingLimits(moves: limit), running: running)
        var outcome = RepackOutcome(proposal.moves, proposal.gain)
        if apply { try await make(proposal.moves, in: &outcome) }
        return outcome
    }

    /// The newest proposal of those that are made in the background; `nil` where there is none yet.
    package func repackProposal() async throws(StoreError) -> RepackOutcome? {
        try await store.newestRepackProposal().map { RepackOutcome($0.moves, $0.head.gain, proposal: $0.head) }
    }

    /// Makes the moves of a stored proposal, if it is the newest and the fleet is still the one that it was made for. Those
    /// whose rows stand elsewhere by now, or have begun, are passed over.
    package func repack(proposal id: Int64) async throws(StoreError) -> RepackOutcomeOfProposal {
        guard let newest = try await store.newestRepackProposal() else {
            return .outdated("nothing was proposed yet")
        }
        guard newest.head.id == id else {
            return .outdated("proposal \(id) is not the newest; that is \(newest.head.id)")
        }
        let version = try await planner.current().inventory.version
        guard newest.head.inventoryVersion == version else {
            return .outdated(
                "proposal \(id) was made for inventory version \(newest.head.inventoryVersion), which is \(version) now"
            )
        }
        var outcome = RepackOutcome(newest.moves, newest.head.gain, proposal: newest.head)
        try await make(newest.moves, in: &outcome)
        return .made(outcome)
    }

    private func make(_ moves: [ProposedMove], in outcome: inout RepackOutcome) async throws(StoreError) {
        var made: Set<Int64> = []
        var rest = moves[...]
        while let first = rest.first {
            let batch = rest.prefix { $0.isRunning == first.isRunning }.prefix(Self.movesAtOnce)
            rest = rest.dropFirst(batch.count)
            do {
                let rows = batch.map(\.move)
                made.formUnion(try await first.isRunning ? begin(rows) : store.move(rows))
            } catch .oversold(let detail) {
                outcome.stopped = detail
                break
            } catch .quotaExceeded(let excess) {
                outcome.stopped = "quota '\(excess.quota)' has no room for replacements beside what they replace"
                break
            }
        }
        for (index, move) in moves.enumerated() { outcome.moves[index].isMade = made.contains(move.move.row.id) }
    }

    /// Has replacements delivered for what runs; the reconcilers of their orders see to the rest.
    private func begin(_ moves: [RowMove]) async throws(StoreError) -> Set<Int64> {
        let begun = try await store.transaction { session in
            let begun = try Store.beginMoves(moves, rest: Repacker.rest, in: session)
            try JobQueue.hasten(uniqueKeys: Set(begun.map(\.order)).sorted().map(ReconcileOrder.key), in: session)
            return begun
        }
        bell.ring(ReconcileOrder.queue)
        return Set(begun.map(\.row))
    }
}

extension RepackOutcome {
    fileprivate init(_ moves: [ProposedMove], _ gain: RepackGain, proposal: RepackProposalHead? = nil) {
        self.init(
            moves: moves.map { proposed in
                Move(
                    owner: proposed.owner, count: proposed.count, site: proposed.site, from: proposed.from,
                    to: proposed.to, held: proposed.move.row.held, amounts: proposed.move.row.amounts,
                    isRunning: proposed.isRunning, isMade: false)
            },
            slotSecondsWon: gain.slotSeconds, hostsEmptied: gain.hostsEmptied, stopped: nil, proposal: proposal)
    }
}
