import CapacityModel
import FoundationEssentials
import Logging

@testable import SiteAgent

/// An agent between a fake centre and a fake engine, with a real store in a folder of its own.
struct Rig: Sendable {
    let timekeeper = ManualTimekeeper()
    let centre: FakeCentre
    let engine = FakeEngine()
    let folder: String

    private init(sites: [String]) throws {
        centre = FakeCentre(sites: sites, timekeeper: timekeeper)
        folder = FileManager.default.temporaryDirectory.path + "/muster-agent-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    /// Runs `body` with a rig, and leaves nothing of it behind.
    static func with(sites: [String] = ["s"], _ body: (Rig) async throws -> Void) async throws {
        let rig = try Rig(sites: sites)
        do {
            try await body(rig)
        } catch {
            try FileManager.default.removeItem(atPath: rig.folder)
            throw error
        }
        try FileManager.default.removeItem(atPath: rig.folder)
    }

    /// One life of the agent: from its start until `body` is done, when it stops as on a signal.
    func life(engine other: (any Engine)? = nil, _ body: (OfflineStore) async throws -> Void) async throws {
        let store = try OfflineStore(folder: folder)
        let agent = try await Agent(
            settings: .init(name: "test", sites: []), engine: other ?? engine, centre: centre, store: store,
            timekeeper: timekeeper, logger: .silent
        )
        let task = Task { try await agent.run() }
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(store))
        } catch {
            result = .failure(error)
        }
        task.cancel()
        try await task.value
        await store.close()
        try result.get()
    }
}

extension Logger {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
