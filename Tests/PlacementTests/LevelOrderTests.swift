import CapacityModel
import Testing

@testable import Placement

@Suite("The order in which levels are looked at")
struct LevelOrderTests {
    /// They are gathered in a set, whose own order is another one in each process. Which groups are opened depends on it.
    @Test("levels with rules come from the widest to the carrier, then hosts, whichever process asks")
    func ruled() {
        var fleet = TinyFleet()
        fleet.add("s", cores: [4])
        let demand = Demand.cores(1)
        let supply = Supply(of: demand, on: fleet.inventory)
        var rules = SpreadRule.Level.allCases.map { SpreadRule(level: $0, minGroups: 1) }
        for _ in rules {
            rules.append(rules.removeFirst())
            let problem = SpreadProblem(demand, rules: rules, supply: supply, on: fleet.inventory)
            #expect(problem.ruled == SpreadRule.Level.positioned.map(\.position))
        }
    }
}
