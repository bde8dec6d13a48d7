import Postgres
import Testing

@testable import JobQueue

/// A crew, and jobs by their numbers.
private final class Scene {
    var crew = Crew()

    func add(_ ids: Int64...) -> Bool {
        crew.add(
            ids.map { id in
                let claim = Claim(
                    fence: Fence(jobID: id, revision: 0, leaseEpoch: id), kind: "k",
                    lane: Lane(queue: "q", priority: 0), payload: "{}",
                    payloadVersion: 1, attempt: 1, maxAttempts: 1, hastenCount: 0,
                    enqueuedAt: Instant(microsecondsSinceEpoch: 0),
                    turnAt: Instant(microsecondsSinceEpoch: 0), hasTenant: false, timeout: nil, trace: nil,
                    waited: .zero, urgencyAt: Instant(microsecondsSinceEpoch: 0)
                )
                return Lease(claim, duration: .seconds(60))
            }
        )
    }

    func retired() -> Bool { crew.retired() }

    /// The job that a free runner runs and whether it calls another; `nil` where it leaves.
    func next() -> String? {
        guard case .run(let lease, let callsAnother) = crew.next() else { return nil }
        return "\(lease.claim.jobID) \(callsAnother ? "calls" : "alone")"
    }
}

struct CrewTests {
    private let scene = Scene()

    @Test("one runner is called at a time, and the next by it while attempts wait")
    func calls() {
        #expect(scene.add(1, 2, 3))
        #expect(!scene.add(4))
        scene.crew.began()
        #expect(scene.next() == "1 calls")
        // The one that was called has not begun: jobs that end at once need no more.
        #expect(scene.next() == "2 alone")
        scene.crew.began()
        #expect(scene.next() == "3 calls")
        #expect(scene.next() == "4 alone")
        #expect(scene.crew.runners == 3)
    }

    @Test("runners leave when nothing waits, and one is called when something comes")
    func leaves() {
        #expect(scene.add(1))
        scene.crew.began()
        #expect(scene.next() == "1 alone")
        #expect(scene.next() == nil)
        #expect(scene.crew.runners == 0)
        #expect(!scene.add())
        #expect(scene.add(2))
        #expect(scene.crew.runners == 1)
    }

    @Test("a cancelled runner is replaced where attempts wait")
    func retires() {
        #expect(scene.add(1, 2))
        scene.crew.began()
        #expect(scene.next() == "1 calls")
        // Another is on its way already.
        #expect(!scene.retired())
        scene.crew.began()
        #expect(scene.add(3))
        scene.crew.began()
        #expect(scene.retired())
        #expect(scene.next() == "2 alone")
        #expect(scene.crew.runners == 2)
    }
}
