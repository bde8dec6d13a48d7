import CapacityModel
import FoundationEssentials
import Placement
import Testing

/// Whole plans as text. `GOLDEN=write` rewrites the file; its diff is the review.
@Suite("Plans on the fleet of provinces.csv")
struct GoldenPlanTests {
    @Test("the main job's plan is this one, byte for byte")
    func mainJob() throws {
        let demand = Demand(
            count: 1_000,
            unit: Resources(vcpuMilli: 50, memoryMiB: 16),
            held: Window(start: .hour(12), duration: .seconds(630)),
            spread: [SpreadRule(level: .site, maxPerGroup: 30), SpreadRule(level: .province, minGroups: 20)]
        )
        try expect(demand, toBePlacedAs: "main-job")
    }

    /// Each process hashes by a seed of its own, so an order that comes out of a set or a dictionary differs from one run
    /// to the next, and never within one: only text that was written by another process can tell.
    @Test("a plan with a rule on every level is this one, byte for byte, whichever process makes it")
    func everyLevel() throws {
        let demand = Demand(
            count: 120,
            unit: Resources(vcpuMilli: 500, memoryMiB: 1_024),
            held: Window(start: .hour(12), duration: .seconds(630)),
            spread: [
                SpreadRule(level: .site, maxPerGroup: 4, minGroups: 31), SpreadRule(level: .area, minGroups: 7),
                SpreadRule(level: .carrier, maxShare: 0.5, minGroups: 3), SpreadRule(level: .city, minGroups: 31),
                SpreadRule(level: .province, maxPerGroup: 6, minGroups: 31),
            ]
        )
        try expect(demand, toBePlacedAs: "every-level")
    }

    private func expect(_ demand: Demand, toBePlacedAs name: String) throws {
        let inventory = Inventory(try FleetFile(reading: readTestFile("Fixtures/provinces.csv")))
        let path = "PlacementTests/Golden/\(name).txt"
        let text = describe(place(demand, on: inventory), on: inventory)
        if ProcessInfo.processInfo.environment["GOLDEN"] == "write" {
            try text.write(toFile: testFile(path), atomically: true, encoding: .utf8)
        }
        #expect(try text == readTestFile(path))
    }

    private func describe(_ verdict: Verdict, on inventory: Inventory) -> String {
        switch verdict {
        case .short(let shortage):
            return "short of \(shortage.missing)\n" + shortage.gap.map { "\($0.detail)\n" }.joined()
        case .placed(let plan, let missing):
            let lines = plan.groups.map { group in
                let host = inventory.host(group.host)?.name ?? "unknown"
                let site = inventory.site(group.site)?.name ?? "unknown"
                return "\(site) \(host) \(group.count)\n"
            }
            return "placed \(plan.count), missing \(missing), relaxed \(plan.relaxed.count)\n" + lines.joined()
        }
    }
}
