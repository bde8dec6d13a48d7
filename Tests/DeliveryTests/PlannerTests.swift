import CapacityStore
import Delivery
import Logging
import TestSupport
import Testing

@Suite("The planner's picture", .freshDatabase, .timeLimit(.minutes(5)))
struct PlannerTests {
    @Test("a quote after an order elsewhere reads the rows of that order, and nothing else of the ledger")
    func incremental() async throws {
        let shop = try await Shop.open(sites: 6, hosts: 4)
        let planner = Planner(store: shop.store)
        let desk = OrderDesk(store: shop.store, planner: planner, bell: shop.bell, logger: .init(label: "quotes"))
        try await settle(planner)
        let before = await planner.effort

        // Three of one core each stand on one host of four.
        _ = try await shop.order(Shop.request(3, start: 100))
        guard case .quoted = try await desk.quote(Shop.request(20, start: 100), tenant: shop.tenant) else {
            Issue.record("20 more fit")
            return
        }
        let after = await planner.effort
        #expect(after.loads == 1)
        #expect(after.addedRows - before.addedRows == 1)
        #expect(after.replacedCalendars == before.replacedCalendars)
    }

    /// Waits until no transaction of another test is older than the fleet: till then its hosts are read again each time.
    private func settle(_ planner: Planner) async throws {
        _ = try await planner.current()
        for _ in 0..<10_000 {
            let before = await planner.effort
            _ = try await planner.current()
            if await planner.effort == before { return }
        }
        Issue.record("some transaction has been running for ten thousand readings")
    }
}
