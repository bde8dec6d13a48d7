import CapacityAPI
import FoundationEssentials
import Postgres
import TestSupport
import Testing

@Suite(
    "A misspelt image, with real containers", .enabled(if: LentRuntime.isWanted), .containerRuntime(.alone),
    .timeLimit(.minutes(4))
)
struct MissingImageTests {
    @Test("who waits for it is told at once which field is wrong, nothing is left of it, and nothing is billed")
    func misspelt() async throws {
        let socket = try LentRuntime.required()
        try await Stack.with(.init(containerd: socket)) { stack in
            let file = try OrderText(count: 40, window: "PT1H", image: "muster.local/prboe:1").write(to: stack.folder)
            let waiting = try await stack.muster("order", "create", "-f", file, "--wait")
            #expect(waiting.status == 2, "\(waiting.complaint)")
            #expect(waiting.complaint.contains("\(file):1:"), "\(waiting.complaint)")
            #expect(waiting.complaint.contains("/spec/image: the image muster.local/prboe:1 is not on this machine"))

            let watching = try await stack.muster("order", "watch", "ord-1")
            #expect(watching.status == 2, "\(watching.complaint)")
            let shown = try await stack.succeed("order", "get", "ord-1")
            #expect(shown.contains("/spec/image: the image muster.local/prboe:1"), "\(shown)")
            let answer = try await stack.succeed("order", "get", "ord-1", "-o", "json")
            let order = try JSONDecoder().decode(OrderView.self, from: Data(answer.utf8))
            #expect(order.problem?.errors?.map(\.code) == [.imageNotFound])

            try await stack.follow(order, until: "settled")
            #expect(try await LentRuntime.containers(of: order, in: socket) == [])
            #expect(try await stack.rows("SELECT 1 FROM report.billing_by_order").isEmpty)
            try await stack.expectBalanced()
        }
    }
}
