import CapacityModel
import FoundationEssentials
import Placement
import Testing

/// Whole plans as text. `GOLDEN=write` rewrites the file; its diff is the review.
@Suite("Plans on the fleet of provinces.csv")
struct GoldenPlanTests {
    private static let path = "PlacementTests/Golden/main-job.txt"

    @Test("the main job's plan is this one, byte for byte")
    func mainJob() throws {
        let file = try FleetFile(reading: readTestFile("Fixtures/provinces.csv"))
        let inventory = Inventory(file)
        let demand = Demand(
            count: 1_000,
            unit: Resources(vcpuMilli: 50, memoryMiB: 16),
            held: Window(start: .hour(12), duration: .seconds(630)),
            spread: [SpreadRule(level: .site, maxPerGroup: 30), SpreadRule(level: .province, minGroups: 20)]
        )
        let text = describe(place(demand, on: inventory), on: inventory)
        if ProcessInfo.processInfo.environment["GOLDEN"] == "write" {
            try text.write(toFile: testFile(Self.path), atomically: true, encoding: .utf8)
        }
        #expect(try text == readTestFile(Self.path))
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
