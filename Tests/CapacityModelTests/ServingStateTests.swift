import CapacityModel
import Testing

@Suite("Where a host or site stands")
struct ServingStateTests {
    private static let now = Instant(secondsSinceEpoch: 1_000)

    private static func closure(
        _ kind: Closure.Kind, from start: Int64? = nil, to end: Int64? = nil, drains: Bool = false, lifted: Bool = false
    ) -> Closure {
        Closure(
            id: ClosureID(rawValue: 1), kind: kind, place: .site("s"),
            start: start.map(Instant.init(secondsSinceEpoch:)),
            end: end.map(Instant.init(secondsSinceEpoch:)), drains: drains, reason: "r", createdAt: now,
            liftedAt: lifted ? now : nil
        )
    }

    @Test(
        "the closure that says most gives the state",
        arguments: [
            ([], false, ServingState.open),
            ([closure(.cordon)], false, .cordoned),
            ([closure(.cordon)], true, .cordoned),
            ([closure(.cordon, lifted: true)], false, .open),
            ([closure(.cordon, drains: true)], false, .draining),
            ([closure(.cordon, drains: true)], true, .drained),
            ([closure(.maintenance, from: 1_000, to: 1_001)], false, .maintenance),
            ([closure(.maintenance, from: 1_001, to: 1_002)], false, .open),
            ([closure(.maintenance, from: 999, to: 1_000)], false, .open),
            ([closure(.cordon), closure(.maintenance, from: 0, to: 2_000)], false, .maintenance),
            ([closure(.retirement, from: 1_001)], false, .retiring),
            ([closure(.retirement, from: 1_001), closure(.cordon)], false, .cordoned),
            ([closure(.retirement, from: 1_000), closure(.cordon, drains: true)], true, .retired),
            ([closure(.retirement, from: 1_000), closure(.loss, drains: true)], true, .lost),
        ] as [([Closure], Bool, ServingState)]
    )
    func table(closures: [Closure], isEmpty: Bool, state: ServingState) {
        #expect(ServingState(closures: closures, isEmpty: isEmpty, at: Self.now) == state)
    }
}
