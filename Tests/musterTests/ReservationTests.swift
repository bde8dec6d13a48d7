import ArgumentParser
import CapacityAPI
import CapacityModel
import Testing

@testable import muster

@Suite("reservations")
struct ReservationTests {
    private func reservation(_ counts: ReservationView.Counts, _ state: HoldState) -> ReservationView {
        let group = PlanView.Group(
            site: "s1", host: "h1", province: "44", city: "4403", carrier: .telecom, count: counts.held)
        return ReservationView(
            id: "rsv-1", name: "vms", state: state, createdAt: OrderSample.noon,
            expiresAt: OrderSample.at(600), count: counts.requested,
            spec: AmountsView(Resources(vcpuMilli: 8_000, memoryMiB: 16_384, diskGiB: 40)), scope: .nationwide,
            window: WindowView(Window(start: OrderSample.noon, duration: .seconds(3_600))), spread: [],
            release: ReleaseView(grace: .seconds(30)), delivery: DeliveryView(lead: .zero), counts: counts,
            plan: PlanView(groups: counts.held > 0 ? [group] : [], relaxed: [])
        )
    }

    @Test("a reservation says what each of it takes, what is held and drawn, and where")
    func held() {
        let text = ReservationDescription.text(
            reservation(.init(requested: 10, held: 6, drawn: 4, released: 0), .held))
        #expect(text.contains("10 x 8 vCPU, 16384 MiB, 40 GiB disk\n"))
        #expect(text.contains("6 held, 4 drawn by orders\n"))
        #expect(text.contains("Guangdong"))
    }

    @Test("one that is over holds nothing anywhere")
    func over() {
        let text = ReservationDescription.text(
            reservation(.init(requested: 10, held: 0, drawn: 4, released: 6), .expired))
        #expect(text.contains("expired"))
        #expect(text.contains("4 drawn by orders, 6 released\n"))
        #expect(!text.contains("province"))
    }

    @Test("an order draws on the reservation that the command line names, and says so in the command to repeat")
    func drawing() throws {
        let file = try OrderFile(name: "o.yaml", text: "count: 1").changed(by: OrderChanges(reservation: "rsv-1"))
        #expect(file.value == .object(["count": .integer(1), "reservationId": .string("rsv-1")]))
        #expect(file.words == "-f o.yaml --reservation rsv-1")
    }

    @Test(
        "every verb is understood",
        arguments: [["create", "-f", "-"], ["list", "--limit", "3"], ["get", "rsv-1"], ["release", "rsv-1"]])
    func verbs(words: [String]) throws {
        #expect(throws: Never.self) { try Muster.parseAsRoot(["reservation"] + words) }
    }
}
