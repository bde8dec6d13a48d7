import Postgres
import Testing

@testable import OrderService

@Suite("The hub", .timeLimit(.minutes(5)))
struct HubTests {
    @Test("news that comes before the wait is not lost")
    func rungBefore() async {
        let hub = Hub()
        let seat = await hub.sit(.order(7))
        await hub.hear(.notification(channel: Hub.orderChannel, payload: "3,7"))
        #expect(await hub.wait(seat, atMost: .seconds(600)) == .news)
        #expect(await hub.wait(seat, atMost: .zero) == .timeout)
        await hub.leave(seat)
        #expect(await hub.count == 0)
    }

    @Test("news wakes who waits for it, and nobody else")
    func topics() async {
        let hub = Hub()
        let order = await hub.sit(.order(7))
        let site = await hub.sit(.site(7))
        await hub.hear(.notification(channel: Hub.assignmentChannel, payload: "7"))
        #expect(await hub.wait(site, atMost: .zero) == .news)
        #expect(await hub.wait(order, atMost: .zero) == .timeout)
    }

    @Test("a star wakes all of its channel; a new connection wakes everybody")
    func everybody() async {
        let hub = Hub()
        let order = await hub.sit(.order(7))
        let site = await hub.sit(.site(1))
        await hub.hear(.notification(channel: Hub.assignmentChannel, payload: "*"))
        #expect(await hub.wait(site, atMost: .zero) == .news)
        #expect(await hub.wait(order, atMost: .zero) == .timeout)
        await hub.hear(.reconnected)
        #expect(await hub.wait(site, atMost: .zero) == .news)
        #expect(await hub.wait(order, atMost: .zero) == .news)
    }

    @Test("who is cancelled stops waiting")
    func cancellation() async {
        let hub = Hub()
        let seat = await hub.sit(.order(1))
        let waiting = Task { await hub.wait(seat, atMost: .seconds(600)) }
        waiting.cancel()
        #expect(await waiting.value == .stopping)
    }
}
