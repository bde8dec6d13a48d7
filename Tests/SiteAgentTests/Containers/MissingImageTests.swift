import CapacityAPI
import TestSupport
import Testing

@testable import SiteAgent

@Suite(
    "Images that are not there", .enabled(if: TestRuntime.isWanted), .serialized, .containerRuntime(.shared),
    .timeLimit(.minutes(5))
)
struct MissingImageTests {
    /// What the engine says to an instance of `image`, of which nothing may be left.
    private func failure(startingFrom image: String) async throws -> EngineFailure? {
        let said = Watched<EngineFailure?>(nil)
        try await TestRuntime.withEngine { engine, _, run in
            var assignment = AgentWire.Assignment.sample("\(run)-x")
            assignment.image = image
            do throws(EngineFailure) {
                _ = try await engine.start(assignment, at: "s")
            } catch {
                said.change { $0 = error }
            }
            _ = try await engine.stop(assignment.instance, grace: .zero)
            let left = try await engine.list().filter { $0.instance.hasPrefix(run) }
            #expect(left == [])
        }
        return said.value
    }

    @Test("an image of this machine's own that is not here does not exist, whatever the network is like")
    func local() async throws {
        let failure = try await failure(startingFrom: "muster.local/none:1")
        let sentence = "the image muster.local/none:1 is not on this machine, and is in no registry"
        #expect(failure == .imageNotFound(sentence))
    }

    @Test(
        "an image that its registry does not know, or shows to nobody, does not exist",
        arguments: [EmptyRegistry.Manner.notFound, .hidden]
    )
    func unknownToRegistry(manner: EmptyRegistry.Manner) async throws {
        let registry = try EmptyRegistry(manner)
        defer { registry.close() }
        let image = "127.0.0.1:\(registry.port)/probe:none"
        let failure = try await failure(startingFrom: image)
        guard case .imageNotFound(let message)? = failure else {
            Issue.record("the registry's word was not taken: \(String(describing: failure))")
            return
        }
        #expect(message.contains(image))
    }

    @Test(
        "an image whose registry is out of order, or opens only to a password, may exist all the same",
        arguments: [EmptyRegistry.Manner.outOfOrder, .passwordNeeded]
    )
    func saysNothing(manner: EmptyRegistry.Manner) async throws {
        let registry = try EmptyRegistry(manner)
        defer { registry.close() }
        let failure = try await failure(startingFrom: "127.0.0.1:\(registry.port)/probe:1")
        guard case .refused? = failure else {
            Issue.record("that was no word about the image: \(String(describing: failure))")
            return
        }
    }

    @Test("an image whose registry cannot be reached may exist all the same")
    func unreachable() async throws {
        let registry = try EmptyRegistry(.notFound)
        registry.close()
        let failure = try await failure(startingFrom: "127.0.0.1:\(registry.port)/probe:1")
        guard case .refused? = failure else {
            Issue.record("a registry that does not answer has said nothing: \(String(describing: failure))")
            return
        }
    }
}
