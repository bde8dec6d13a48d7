import CapacityAPI
import CapacityModel
import Testing

@testable import muster

@Suite("why, in tables")
struct ExplanationTextTests {
    @Test("a refusal says part by part what fits, what is missing and what binds, lined up, and when all of it fits")
    func refusal() {
        let whole = ScopePart(
            selector: nil, sites: 3, hosts: 6, available: 48, missing: 952, bindings: [Binding(.vcpu, gain: 48)])
        let guangdong = ScopePart(
            selector: Scope.Selector(province: "44"), sites: 1, hosts: 2, available: 0, missing: 1_000,
            bindings: [
                Binding(.memory, gain: 5, isTogether: true), Binding(.spread(.site), gain: 5, isTogether: true),
            ])
        let noon = Instant(secondsSinceEpoch: 1_781_697_600)
        let parts = [whole, guangdong].map { ScopePartView($0) }
        #expect(
            ExplanationText.text(RefusalExplanationView(nextStart: noon, searchedUntil: noon, parts: parts)) == """

                Where, if all of it were asked for there:

                part              sites  hosts  fit  missing  what binds
                all of it             3      6   48      952  vcpu: 48 more
                from province 44      1      2    0     1000  memory and spread by site together: 5 more

                As it is asked for it fits from 2026-06-17T12:00:00Z on.

                """
        )
        let never = RefusalExplanationView(nextStart: nil, searchedUntil: noon, parts: parts)
        #expect(ExplanationText.text(never).hasSuffix("No start before 2026-06-17T12:00:00Z fits.\n"))
    }

    @Test("a plan says what each constraint left, how rules were used, and which sites were preferred")
    func plan() {
        let explanation = QuoteExplanationView(
            steps: [
                .init(step: "fleet", sites: 900, hosts: 20_000, instances: nil),
                .init(step: "free", sites: 12, hosts: 40, instances: 700),
            ],
            parts: [],
            spread: [.init(level: .site, limit: 8, minGroups: nil, groups: 5, largest: 8, relaxed: false)],
            choices: [.init(site: "gz-1", rank: 1, room: 9, count: 8)]
        )
        #expect(
            ExplanationText.text(explanation) == """
                What each constraint left:

                of the fleet        sites  hosts  instances fit
                all                   900  20000              -
                free in the window     12     40            700

                Where:

                part  sites  hosts  fit  missing  what binds

                spread by  at most  largest  at least  groups  kept
                site             8        8         -       5  yes

                site  preferred  had room for  takes
                gz-1         1.             9      8

                """
        )
    }
}
