import CapacityModel
import CapacityStore
import Delivery
import Postgres
import TestSupport
import Testing

@Suite("Re-packing the ledger", .freshDatabase, .timeLimit(.minutes(5)))
struct RepackingTests {
    @Test("what has not begun is proposed to come together, and with apply it does, instances and all")
    func comesTogether() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 3)
        let (first, second) = try await twoApart(in: shop)
        let proposal = try await shop.desk.repack(moves: 10, apply: false)
        #expect(proposal.moves.count == 1 && proposal.hostsEmptied == 1 && proposal.slotSecondsWon == 0)
        #expect(proposal.moves.allSatisfy { !$0.isMade && $0.from != $0.to && $0.count == 1 })
        #expect(try await shop.usedHosts().count == 2)

        let applied = try await shop.desk.repack(moves: 10, apply: true)
        #expect(applied.moves.map(\.isMade) == [true] && applied.stopped == nil)
        #expect(try await shop.usedHosts().count == 1)
        #expect(try await shop.repackedHosts(of: [first, second]) == shop.usedHosts())
        #expect(try await shop.desk.repack(moves: 10, apply: true).moves.isEmpty)
        #expect(try await shop.breaches() == [])
    }

    @Test("an order that is about to begin, or whose agents know of it, stays where it is")
    func tooLate() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 3)
        _ = try await twoApart(in: shop)
        let soon = 7_200 - OrderDesk.repackingLead.components.seconds
        try await shop.clock(soon)
        #expect(try await shop.desk.repack(moves: 10, apply: true).moves.isEmpty)
        try await shop.clock(soon - 1)
        try await shop.pool.execute("UPDATE muster.instance SET assignment_sequence = 1")
        #expect(try await shop.desk.repack(moves: 10, apply: true).moves.isEmpty)
    }

    @Test("a reservation that nothing was deployed on moves like an order, and draws find it there")
    func holds() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 3)
        _ = try await shop.order(Shop.request(1, start: 7_200))
        let hold = try await shop.hold(1, start: 7_200)
        try await shop.scatter("hold_id IS NOT NULL")
        let applied = try await shop.desk.repack(moves: 10, apply: true)
        #expect(applied.moves.map(\.isMade) == [true] && applied.hostsEmptied == 1)
        #expect(try await shop.usedHosts().count == 1)
        #expect(try await shop.record(hold.id).counts.held == 1)
        #expect(try await shop.breaches() == [])
    }

    @Test("a row that stands elsewhere by now is passed over, and one that would not fit refuses its whole batch")
    func fencing() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 3)
        _ = try await twoApart(in: shop)
        let rows = try await shop.store.movableRows(after: .seconds(60), limit: 10).map(\.row).sorted { $0.id < $1.id }
        #expect(rows.count == 2 && rows[0].host != rows[1].host)
        let together = RowMove(row: rows[0], to: rows[1].host)
        var elsewhere = rows[1]
        elsewhere.host = rows[0].host
        #expect(try await shop.store.move([RowMove(row: elsewhere, to: rows[0].host)]).isEmpty)

        try await shop.pool.execute("UPDATE muster.reservation SET vcpu_milli = 4000")
        await #expect(throws: StoreError.self) { try await shop.store.move([together]) }
        #expect(try await shop.usedHosts().count == 2)
        try await shop.pool.execute("UPDATE muster.reservation SET vcpu_milli = 1000")
        #expect(try await shop.store.move([together]) == [rows[0].id])
        #expect(try await shop.store.move([together]).isEmpty)
    }

    @Test("in the background moves are proposed and none is made; the newest can be, for the fleet it is for")
    func background() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 3)
        #expect(try await shop.desk.repackProposal() == nil)
        #expect(try await shop.desk.repack(proposal: 1) == .outdated("nothing was proposed yet"))
        _ = try await twoApart(in: shop)
        try await shop.proposeInBackground()
        let proposal = try #require(try await shop.desk.repackProposal())
        let head = try #require(proposal.proposal)
        #expect(proposal.moves.map(\.isMade) == [false] && proposal.hostsEmptied == 1)
        #expect(try await proposal.moves == shop.desk.repack(moves: 10, apply: false).moves)
        #expect(try await shop.usedHosts().count == 2)
        let told = try await shop.pool.rows(
            "SELECT p.moves, m.order_id FROM report.repack p JOIN report.repack_move m USING (proposal)")
        #expect(try told.map { try $0.decode("moves", as: Int.self) } == [1])

        guard case .outdated = try await shop.desk.repack(proposal: head.id + 1) else {
            Issue.record("a proposal was made that nobody made")
            return
        }
        guard case .made(let made) = try await shop.desk.repack(proposal: head.id) else {
            Issue.record("the newest proposal was refused")
            return
        }
        #expect(made.moves.map(\.isMade) == [true] && made.proposal == head)
        #expect(try await shop.usedHosts().count == 1)
        guard case .made(let again) = try await shop.desk.repack(proposal: head.id) else { return }
        #expect(again.moves.map(\.isMade) == [false], "the row stands elsewhere by now")
        #expect(try await shop.breaches() == [])

        _ = try await shop.store.importFleet(
            sites: [],
            hosts: [
                NewHost(
                    site: "1101-telecom-1", name: "1101-telecom-1-h9",
                    allocatable: Resources(vcpuMilli: 4_000, memoryMiB: 8_192))
            ])
        guard case .outdated(let why) = try await shop.desk.repack(proposal: head.id) else {
            Issue.record("a proposal for another fleet was made")
            return
        }
        #expect(why.contains("inventory version"))
    }

    @Test("of proposals before the newest only the gains are remembered, and of so many")
    func forgotten() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 3)
        _ = try await twoApart(in: shop)
        try await shop.pool.execute(
            """
            INSERT INTO muster.repack_proposal (inventory_version, move_count, large_slot_seconds, hosts_emptied)
            SELECT 1, 0, 0, 0 FROM generate_series(1, \(Store.proposalsKept))
            """
        )
        for _ in 1...2 {
            try await shop.proposeInBackground()
            try await shop.pool.execute("DELETE FROM queue.job")
        }
        let rows = try await shop.pool.rows(
            """
            SELECT (SELECT count(*) FROM report.repack) AS proposals, (SELECT min(proposal) FROM report.repack) AS oldest,
                   (SELECT count(*) FROM report.repack_move) AS moves, (SELECT sum(moves) FROM report.repack) AS told
            """
        )
        #expect(try rows[0].decode("proposals", as: Int.self) == Store.proposalsKept)
        #expect(try rows[0].decode("oldest", as: Int.self) == 3)
        #expect(try rows[0].decode("moves", as: Int.self) == 1)
        #expect(try rows[0].decode("told", as: Int.self) == 2)
    }

    /// Two orders of one core in two hours, the later one put by hand on a host of its own.
    private func twoApart(in shop: Shop) async throws -> (OrderID, OrderID) {
        let first = try await shop.order(Shop.request(1, start: 7_200))
        let second = try await shop.order(Shop.request(1, start: 7_200))
        try await shop.scatter("reservation_id = (SELECT max(reservation_id) FROM muster.reservation)")
        return (first.id, second.id)
    }
}
