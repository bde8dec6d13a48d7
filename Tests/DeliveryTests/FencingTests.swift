import CapacityModel
import CapacityStore
import Delivery
import JobQueue
import Postgres
import TestSupport
import Testing

@Suite("A late word changes nothing", .freshDatabase, .timeLimit(.minutes(5)))
struct FencingTests {
    @Test("a report with an older epoch moves no instance")
    func staleEpoch() async throws {
        let shop = try await Shop.open()
        let agents = FakeAgents(shop)
        let order = try await shop.order(Shop.request(2))
        _ = try await shop.reconciler.reconcile(order.id)
        try await agents.pull()
        try await agents.report(.ready, at: 1, epochLess: 1)
        #expect(try await shop.record(order.id).counts.assigned == 2)
        try await agents.report(.ready, at: 1)
        #expect(try await shop.record(order.id).counts.ready == 2)
    }

    @Test("a report sent twice counts once, and one from the past not at all")
    func replayedReport() async throws {
        let shop = try await Shop.open(sites: 1)
        let agents = FakeAgents(shop)
        let order = try await shop.order(Shop.request(1))
        _ = try await shop.reconciler.reconcile(order.id)
        let told = try await agents.pull()[0]
        func report(_ sequence: Int64, _ event: Instance.Event) -> SiteReport {
            SiteReport(
                site: "1101-telecom-1", sequence: sequence,
                observations: [
                    ObservationRecord(
                        instance: told.instance, epoch: told.epoch, event: event, at: Shop.opening, address: nil,
                        message: nil
                    )
                ]
            )
        }
        #expect(try await shop.reports.absorb([report(.max, .stopped)]) == ["1101-telecom-1": 0], "a gap is not taken")
        #expect(try await shop.reports.absorb([report(1, .ready)]) == ["1101-telecom-1": 1])
        #expect(try await shop.reports.absorb([report(1, .stopped)]) == ["1101-telecom-1": 1])
        #expect(try await shop.reports.absorb([report(0, .stopped)]) == ["1101-telecom-1": 1])
        #expect(try await shop.reports.absorb([report(3, .stopped)]) == ["1101-telecom-1": 1])
        #expect(try await shop.record(order.id).counts.ready == 1)
    }

    @Test("a cancelled order's capacity is free when the stop is confirmed, not before")
    func cancel() async throws {
        let shop = try await Shop.open(sites: 1)
        let agents = FakeAgents(shop)
        let order = try await shop.order(Shop.request(4))
        _ = try await shop.reconciler.reconcile(order.id)
        try await agents.pull()
        try await agents.report(.ready, at: 1)
        try await shop.clock(100)
        guard
            case .changed(let cancelled) = try await shop.desk.change(
                order.id, tenant: shop.tenant, .cancel, revision: 1)
        else {
            Issue.record("a running order can be cancelled")
            return
        }
        #expect(cancelled.counts.releasing == 4)
        #expect(cancelled.window.end == Shop.opening + .seconds(100))
        guard
            case .refused = try await shop.desk.order(
                Shop.request(1), quoteID: nil, tenant: shop.tenant, idempotency: nil)
        else {
            Issue.record("the host is still taken")
            return
        }
        // The agent had not heard yet: its words are of the old epoch.
        try await agents.report(.stopped, at: 101)
        #expect(try await shop.record(order.id).counts.releasing == 4)
        let told = try await agents.pull()
        #expect(told.count == 4 && told.allSatisfy(\.stop))
        try await agents.report(.stopped, at: 102)
        #expect(try await shop.reconciler.reconcile(order.id) == .done)
        _ = try await shop.order(Shop.request(4))

        let bill = try await shop.pool.rows(
            "SELECT instance_seconds FROM report.billing_by_order WHERE order_id = \(order.id.rawValue)")[0]
        #expect(try bill.decode("instance_seconds", as: Int64.self) == 400)
        #expect(try await shop.breaches() == [])
    }

    @Test("a silent agent's instances are freed only long after their own fence has passed")
    func silentAgent() async throws {
        let shop = try await Shop.open(sites: 1)
        let agents = FakeAgents(shop)
        let order = try await shop.order(Shop.request(1, duration: 60, grace: 30))
        _ = try await shop.reconciler.reconcile(order.id)
        try await agents.pull()
        try await agents.report(.ready, at: 1)
        try await shop.clock(60 + 30 + 600)
        _ = try await shop.reconciler.reconcile(order.id)
        #expect(try await shop.record(order.id).counts.live == 1)
        try await shop.clock(60 + 30 + 601)
        #expect(try await shop.reconciler.reconcile(order.id) == .done)
        #expect(try await shop.record(order.id).counts.live == 0)
    }

    @Test("a shortened order frees nothing that a cut-off agent may still be using")
    func shortenedWhileCutOff() async throws {
        let shop = try await Shop.open(sites: 1)
        let agents = FakeAgents(shop)
        let order = try await shop.order(Shop.request(4, duration: 7_200))
        _ = try await shop.reconciler.reconcile(order.id)
        try await agents.pull()
        try await agents.report(.ready, at: 1)
        let end = Shop.opening + .seconds(60)
        guard
            case .changed = try await shop.desk.change(order.id, tenant: shop.tenant, .shorten(to: end), revision: nil)
        else {
            Issue.record("a running order can be shortened")
            return
        }
        func isRefused(_ request: OrderRequest) async throws -> Bool {
            if case .refused = try await shop.desk.order(request, quoteID: nil, tenant: shop.tenant, idempotency: nil) {
                true
            } else {
                false
            }
        }
        #expect(try await isRefused(Shop.request(1, start: 3_600)))
        try await shop.clock(3_600)
        _ = try await shop.reconciler.reconcile(order.id)
        #expect(try await shop.record(order.id).counts.live == 4, "the agent knows only the old end")
        #expect(try await isRefused(Shop.request(1, start: 3_660)))
        try await agents.pull()
        try await agents.report(.stopped, at: 3_600)
        #expect(try await !isRefused(Shop.request(1, start: 3_660)))
    }

    @Test("an instance that missed its extension is replaced, and billed for what it served")
    func lateExtension() async throws {
        let shop = try await Shop.open(sites: 2)
        let agents = FakeAgents(shop)
        let order = try await shop.order(Shop.request(1, duration: 600))
        _ = try await shop.reconciler.reconcile(order.id)
        try await agents.pull()
        try await agents.report(.ready, at: 1)
        try await shop.clock(599)
        let end = Shop.opening + .seconds(1_200)
        _ = try await shop.desk.change(order.id, tenant: shop.tenant, .extend(to: end), revision: nil)
        // The agent stopped it at the old end and learnt of the new one afterwards.
        try await shop.clock(602)
        try await agents.pull()
        try await agents.report(.stopped, at: 600)
        #expect(try await shop.record(order.id).counts.waiting == 1)
        _ = try await shop.reconciler.reconcile(order.id)
        let second = try await agents.pull()[0]
        try await shop.clock(1_200)
        try await agents.report(.ready, at: 603) { $0.instance == second.instance }
        _ = try await shop.reconciler.reconcile(order.id)
        try await agents.report(.stopped, at: 1_200) { $0.instance == second.instance }
        #expect(try await shop.reconciler.reconcile(order.id) == .done)
        let bill = try await shop.pool.rows("SELECT instance_seconds FROM report.billing_by_order")[0]
        #expect(try bill.decode("instance_seconds", as: Int64.self) == 600 + 598)
    }

    @Test("reconciling twice at once does each thing once")
    func concurrentPasses() async throws {
        let shop = try await Shop.open()
        let agents = FakeAgents(shop)
        let order = try await shop.order(Shop.request(6))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 {
                group.addTask { _ = try await shop.reconciler.reconcile(order.id) }
            }
            try await group.waitForAll()
        }
        let told = try await agents.pull()
        #expect(told.count == 6)
        #expect(told.allSatisfy { $0.epoch == 1 })
    }
}
