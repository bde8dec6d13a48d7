import CapacityModel
import CapacityStore
import Logging
import Placement
import Postgres
import TestSupport
import Testing

@testable import Delivery

@Suite("Orders that come together", .freshDatabase, .timeLimit(.minutes(5)))
struct OrderWriterTests {
    @Test("are written in few transactions, each with all that an order made alone has")
    func together() async throws {
        let shop = try await Shop.open(sites: 4, hosts: 4)
        let requests = (0..<12).map { number in
            var request = Shop.request(1 + number % 4, start: Int64(60 * number))
            request.name = "order-\(number)"
            return request
        }
        let outcomes = try await shop.ordered(requests, isKeyed: true)
        let transactions: Int = try await shop.pool.rows("SELECT count(DISTINCT xmin::text) FROM muster.\"order\"")[0]
            .decode(0)
        #expect(transactions <= 3, "one that came first, and who came while it waited")
        for (request, outcome) in zip(requests, outcomes) {
            guard case .accepted(let record, replayed: false) = outcome else { throw Shop.Unserved(outcome: outcome) }
            #expect(record.request.name == request.name && record.counts.planned == request.count)
            let groups = try await shop.store.groups(of: [record.id])[record.id] ?? []
            #expect(groups.reduce(0) { $0 + $1.count } == request.count)
            #expect(record.rates.count == 8)
        }
        let jobs: Int = try await shop.pool.rows(
            "SELECT count(*) FROM queue.job WHERE unique_key LIKE 'reconcile-%'")[0].decode(0)
        #expect(jobs == 12, "each has the job that delivers it")
        let again = try await shop.answers(to: requests, isKeyed: true)
        for (first, second) in zip(outcomes, again) {
            guard case (.accepted(let made, _), .accepted(let replayed, replayed: true)) = (first, second) else {
                throw Shop.Unserved(outcome: second)
            }
            #expect(made.id == replayed.id, "its key makes it once")
        }
        #expect(try await shop.breaches() == [])
    }

    @Test("know of each other: what is left after some is all that the others get")
    func plannedInTurn() async throws {
        let shop = try await Shop.open(sites: 2, hosts: 2)
        // Four hosts of four cores: five of three cores and six of one fit in no other way than together.
        let requests = [Int](repeating: 3, count: 6).map { Shop.request($0, start: 60) }
        let outcomes = try await shop.ordered(requests)
        #expect(outcomes.count { if case .accepted = $0 { true } else { false } } == 5)
        for case .refused(let refusal) in outcomes { #expect(refusal.offers.contains { $0.kind == .fewer }) }
        #expect(try await shop.breaches() == [])
    }

    @Test("do not keep each other from being made, where one of them meets a quota that the others do not")
    func halves() async throws {
        let shop = try await Shop.open(sites: 4, hosts: 4)
        try await shop.allow([Quota.Limit(.instances, 7)])
        let outcomes = try await shop.ordered((0..<8).map { _ in Shop.request(2, start: 60) })
        #expect(outcomes.count { if case .accepted = $0 { true } else { false } } == 3)
        #expect(outcomes.count { if case .quotaExceeded = $0 { true } else { false } } == 5)
        #expect(try await shop.breaches() == [])
    }

    @Test("wait together only while the waiting list has a place for each")
    func waiting() async throws {
        let shop = try await Shop.open(sites: 1)
        _ = try await shop.hold(4)
        let patient = Shop.request(1, fulfilment: Fulfilment(policy: .bestEffort, topUp: true))
        let ahead = try await shop.order(patient)
        try await shop.pool.copyWaitingOrder(ahead.id.rawValue, Store.waitingLimit - 3)
        let outcomes = try await shop.ordered([patient, patient, patient])
        #expect(outcomes.count { if case .accepted = $0 { true } else { false } } == 2)
        for case .refused(let refusal) in outcomes {
            #expect(refusal.shortage.gap.map(\.bound) == [.waiting])
            #expect(refusal.shortage.missing == 1)
        }
        #expect(try await shop.breaches() == [])
    }

    @Test(
        "are made by halves where somebody who took no turn has their host: what fits stays, the rest is planned anew")
    func refusedTogether() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 2)
        // All four on the first host, were the rival not on it already, unseen.
        let made = try await shop.made(4, besideUnseen: 1)
        let groups = try await shop.store.groups(of: made.compactMap { $0?.id })
        #expect(groups.count == 4, "none is lost")
        #expect(made.map { groups[$0?.id ?? OrderID(rawValue: 0)]?.map(\.host.last) } == [["1"], ["1"], ["1"], ["2"]])
        let transactions: Int = try await shop.pool.rows(
            "SELECT count(DISTINCT xmin::text) FROM muster.\"order\" WHERE tenant_id = \(shop.tenant.rawValue)")[0]
            .decode(0)
        #expect(transactions == 2, "each half is made together")
        #expect(try await shop.breaches() == [])
    }

    @Test("and what finds no room after that is left to who knows what to offer")
    func refusedTogetherAndFull() async throws {
        let shop = try await Shop.open(sites: 1)
        let made = try await shop.made(2, besideUnseen: 3)
        #expect(made.map { $0?.counts.planned } == [1, nil])
        #expect(try await shop.breaches() == [])
    }

    @Test("are all in the group that joins the line, however early the first of them came")
    func lateGroup() async throws {
        let shop = try await Shop.open(sites: 4, hosts: 4)
        let outcomes = try await shop.ordered((0..<5).map { _ in Shop.request(1, start: 60) }, behind: [1, 2]) {
            while shop.desk.toWriteCount < 5 { await Task.yield() }
        }
        #expect(outcomes.count { if case .accepted = $0 { true } else { false } } == 5)
        let transactions: Int = try await shop.pool.rows("SELECT count(DISTINCT xmin::text) FROM muster.\"order\"")[0]
            .decode(0)
        #expect(transactions == 1)
    }

    @Test("are planned again where they do not fit any more when their turn has come")
    func reviewed() async throws {
        let shop = try await Shop.open(sites: 1, hosts: 2)
        // Each host has four cores, and both orders want three of the first.
        let rival = try await shop.rival(3)
        let outcomes = try await shop.ordered([Shop.request(3, start: 60), Shop.request(1, start: 60)]) {
            _ = try await shop.store.transaction { session in try OrderWriter.write([rival], in: session) }
        }
        let made = outcomes.compactMap { if case .accepted(let record, _) = $0 { record } else { nil } }
        let groups = try await shop.store.groups(of: made.map(\.id))
        #expect(made.map { groups[$0.id]?.map(\.host.last) } == [["2"], ["1"]])
        let rivals: Int64 = try await shop.pool.rows(
            "SELECT order_id FROM muster.\"order\" WHERE tenant_id = \(rival.tenant.rawValue)")[0].decode(0)
        #expect(made.allSatisfy { $0.id.rawValue < rivals }, "entered before, and the ledger had nothing to refuse")
        #expect(try await shop.breaches() == [])
    }

    @Test("and one whose turn does not come is taken alone")
    func turn() async throws {
        let shop = try await Shop.open(sites: 1)
        let record = try await shop.pool.withSession { holder in
            try await holder.script(
                unchecked: "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('muster.order_turn', 0))")
            let record = try await shop.order(Shop.request(1))
            try await holder.script(unchecked: "ROLLBACK")
            return record
        }
        #expect(record.counts.planned == 1)
    }
}

extension Shop {
    /// Orders all of them while somebody else has the turn, so that they wait together; what each is answered.
    ///
    /// - Parameters:
    ///   - locks: What somebody else has: the turn, or both places in the line.
    ///   - meanwhile: Is done when one of them waits.
    fileprivate func ordered(
        _ requests: [OrderRequest], isKeyed: Bool = false, behind locks: [Int] = [0],
        meanwhile: @Sendable () async throws -> Void = {}
    ) async throws -> [OrderOutcome] {
        try await pool.withSession { holder in
            try await holder.script(unchecked: "BEGIN")
            for lock in locks {
                try await holder.execute(
                    "SELECT pg_advisory_xact_lock(hashtextextended('muster.order_turn', \(lock)))")
            }
            return try await answers(to: requests, isKeyed: isKeyed) {
                while try await !isWaitedFor() {}
                try await meanwhile()
                try await holder.script(unchecked: "ROLLBACK")
            }
        }
    }

    /// Orders all of them at once, and does `meanwhile` before the answers.
    fileprivate func answers(
        to requests: [OrderRequest], isKeyed: Bool, meanwhile: () async throws -> Void = {}
    ) async throws -> [OrderOutcome] {
        try await withThrowingTaskGroup(of: (Int, OrderOutcome).self) { group in
            for (number, request) in requests.enumerated() {
                let key = isKeyed ? Idempotency(key: "k-\(number)", bodyHash: Array(repeating: 1, count: 32)) : nil
                group.addTask {
                    (number, try await desk.order(request, quoteID: nil, tenant: tenant, idempotency: key))
                }
            }
            try await meanwhile()
            var outcomes: [Int: OrderOutcome] = [:]
            for try await (number, outcome) in group { outcomes[number] = outcome }
            return requests.indices.compactMap { outcomes[$0] }
        }
    }

    /// What becomes of a group of orders of one, which meets `unseen` instances of a rival only when it is written: they are on
    /// the group's host and not committed while it is planned.
    fileprivate func made(_ count: Int, besideUnseen unseen: Int) async throws -> [OrderRecord?] {
        let new = try await rival(unseen)
        let writer = OrderWriter(
            store: store, planner: planner, bell: bell, logger: Logger(label: "shop") { _ in SwiftLogNoOpLogHandler() })
        let drafts = (0..<count).map { _ in
            OrderDraft(request: Shop.request(1, start: 60), alternatives: [], tenant: tenant, idempotency: nil)
        }
        let (written, writing) = AsyncStream.makeStream(of: Void.self)
        async let rivalry: Void = store.transaction { session in
            _ = try OrderWriter.write([new], in: session)
            writing.yield()
            while try !Shop.isInTheWay(session) {}
        }
        for await _ in written { break }
        let made = await writer.make { drafts }
        try await rivalry
        return made
    }

    /// An order of somebody else, planned on what is known now.
    fileprivate func rival(_ count: Int) async throws -> NewOrder {
        let tenant = try await customer("rival")
        let request = Shop.request(count, start: 60)
        let window = request.timing.window(at: Shop.opening)
        guard
            case .placed(let plan, missing: 0) = place(
                Demand(request, window: window), on: try await planner.current().inventory)
        else { throw StoreError.stale }
        return NewOrder(tenant: tenant, request: request, window: window, plan: plan, rates: [], idempotency: nil)
    }

    private func isWaitedFor() async throws -> Bool {
        try await pool.rows(
            """
            SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                            WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database())
            """
        )[0].decode(0)
    }
}
