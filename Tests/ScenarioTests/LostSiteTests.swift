import CapacityAPI
import CapacityModel
import FoundationEssentials
import Postgres
import Testing

@Suite("A site that is lost, and comes back", .timeLimit(.minutes(5)))
struct LostSiteTests {
    private static let site = "1101-telecom-1"

    @Test(
        "what ran there runs elsewhere at once; its agent comes back, stops what it still runs, and the site is open again"
    )
    func lostAndBack() async throws {
        try await Stack.with(.init(remoteSite: Self.site)) { stack in
            let agent = try #require(stack.remoteAgent)
            let order = try await stack.order(
                Self.order(count: 20, window: "PT90S", at: [Self.site, "1201-telecom-1"]))
            try await stack.follow(order, until: "ready")
            let there = try await Self.running(order, in: stack).filter { $0.site == Self.site }
            #expect(there.count == 10)

            await agent.kill()
            let answer = try await stack.succeed(
                "site", "lost", Self.site, "--reason", "fire", "-o", "json", as: .operator)
            let closure = try JSONDecoder().decode(ClosureView.self, from: Data(answer.utf8))
            #expect((closure.loss?.lost, closure.loss?.unstopped) == (10, 10))
            let all = try await eventually("all twenty run elsewhere") {
                let running = try await Self.running(order, in: stack)
                return running.count == 20 && running.allSatisfy { $0.site != Self.site } ? running : nil
            }
            #expect(Set(all.map(\.id)).isDisjoint(with: there.map(\.id)))
            try await Self.expectUnbroken(stack)
            let refused = try await stack.muster(
                "order", "create", "-f",
                try Self.order(count: 1, window: "PT10S", at: [Self.site]).write(to: stack.folder))
            #expect(refused.status == 1, "a lost site takes nothing: \(refused.complaint)")
            let early = try await stack.muster("closure", "lift", closure.id, as: .operator)
            #expect(early.status != 0 && early.complaint.contains("10"), "\(early.complaint)")

            try await agent.start()
            try await eventually("its agent has stopped what it still ran") {
                let open = try await stack.rows("SELECT 1 FROM muster.lost_instance WHERE stopped_at IS NULL")
                return open.isEmpty ? () : nil
            }
            #expect(try await Self.running(order, in: stack).count == 20, "what runs elsewhere was touched")
            try await stack.succeed("closure", "lift", closure.id, as: .operator)
            let next = try await stack.order(Self.order(count: 5, window: "PT10S", at: [Self.site]))
            try await stack.follow(next, until: "ready")
            #expect(try await Self.running(next, in: stack).allSatisfy { $0.site == Self.site })

            try await stack.follow(next, until: "settled")
            try await stack.follow(order, until: "settled")
            try await Self.expectUnbroken(stack)
        }
    }

    /// Half of it at each of two sites, where both are open.
    private static func order(count: Int, window: String, at sites: [String]) -> OrderText {
        let include = sites.map { #"{ "site": "\#($0)" }"# }.joined(separator: ", ")
        return OrderText(
            count: count, window: window,
            more: """
                "scope": { "include": [\(include)] },
                "spread": [ { "level": "site", "maxShare": 0.5, "whenUnsatisfiable": "relax" } ],
                """)
    }

    private static func running(_ order: OrderView, in stack: Stack) async throws -> [InstanceView] {
        try await stack.instances(of: order).filter { $0.state == .ready }
    }

    /// The books are right, in the middle of it too, and no order that is settled has anything left. What is offered to whoever was
    /// refused may be.
    private static func expectUnbroken(_ stack: Stack) async throws {
        let breaches = try await stack.rows(
            """
            SELECT to_json(o)::text FROM report.oversold o
            UNION ALL SELECT to_json(u)::text FROM report.unbalanced u
            UNION ALL SELECT to_json(r)::text
                        FROM muster.reservation r JOIN muster."order" o USING (order_id)
                       WHERE o.state = 'settled' AND r.live_count > 0
            """)
        #expect(try breaches.map { try $0.decode(0, as: String.self) } == [])
    }
}
