import CapacityModel
import Testing

@Suite("Scopes")
struct ScopeTests {
    private let site = Site(
        id: SiteID(rawValue: 1),
        name: "4401-telecom-1",
        province: "44",
        city: "4401",
        carrier: .telecom,
        capabilities: ["l7lb", "local-disk"],
        labels: ["tier": "gold"]
    )

    @Test("an empty scope is nationwide")
    func nationwide() {
        #expect(Scope.nationwide.admits(site))
    }

    @Test("every field of a selector must match")
    func selector() {
        let matching: [Scope.Selector] = [
            .init(), .init(area: .south), .init(province: "44"), .init(city: "4401"), .init(carrier: .telecom),
            .init(site: "4401-telecom-1"), .init(labels: ["tier": "gold"]),
            .init(area: .south, province: "44", city: "4401", carrier: .telecom, labels: ["tier": "gold"]),
        ]
        let other: [Scope.Selector] = [
            .init(area: .east), .init(province: "11"), .init(city: "4403"), .init(carrier: .unicom),
            .init(site: "other"), .init(labels: ["tier": "silver"]), .init(labels: ["rack": "1"]),
            .init(province: "44", carrier: .unicom),
        ]
        #expect(matching.allSatisfy { $0.matches(site) })
        #expect(!other.contains { $0.matches(site) })
    }

    @Test("one include is enough, an exclude outweighs it, and all capabilities are needed")
    func together() {
        let here = Scope.Selector(province: "44")
        let elsewhere = Scope.Selector(province: "11")
        #expect(Scope(include: [elsewhere, here]).admits(site))
        #expect(!Scope(include: [elsewhere]).admits(site))
        #expect(!Scope(include: [here], exclude: [here]).admits(site))
        #expect(Scope(exclude: [elsewhere]).admits(site))
        #expect(Scope(capabilities: ["l7lb"]).admits(site))
        #expect(!Scope(capabilities: ["l7lb", "cloud-disk"]).admits(site))
    }

    @Test("the seven areas and HMT have 34 provinces with codes of their own")
    func provinces() {
        #expect(Province.all.count == 34)
        #expect(Set(Province.all.map(\.code)).count == 34)
        #expect(Set(Province.all.map(\.area)) == Set(Area.allCases))
        #expect(Province.named("44")?.name == "Guangdong")
        #expect(Province.named("99") == nil)
    }
}
