import CapacityModel
import Testing

@Suite("Limits of spread rules")
struct SpreadLimitTests {
    @Test("a share is rounded down, but is never below one")
    func share() {
        let rule = SpreadRule(level: .site, maxShare: 0.15)
        #expect([1, 6, 7, 100, 1_000].map { rule.limit(for: $0) } == [1, 1, 1, 15, 150])
        #expect(SpreadRule(level: .site, maxShare: 1).limit(for: 7) == 7)
    }

    @Test("of two limits the lower holds, and none means no limit")
    func both() {
        #expect(SpreadRule(level: .site).limit(for: 100) == nil)
        #expect(SpreadRule(level: .site, maxPerGroup: 8).limit(for: 100) == 8)
        #expect(SpreadRule(level: .site, maxPerGroup: 8, maxShare: 0.05).limit(for: 100) == 5)
        #expect(SpreadRule(level: .site, maxPerGroup: 8, maxShare: 0.5).limit(for: 100) == 8)
    }

    @Test("the groups of a host are itself, its site, city, province, area and carrier")
    func groups() {
        let site = Site(id: SiteID(rawValue: 1), name: "s", province: "44", city: "4401", carrier: .mobile)
        let host = Host(id: HostID(rawValue: 1), site: site.id, name: "h", allocatable: .zero)
        let groups = SpreadRule.Level.allCases.map { $0.group(of: site, host: host) }
        #expect(groups == ["s/h", "s", "4401", "44", "south", "mobile"])
    }
}
