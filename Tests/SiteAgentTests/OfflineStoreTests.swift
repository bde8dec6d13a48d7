import CapacityAPI
import CapacityModel
import FoundationEssentials
import Testing

@testable import SiteAgent

@Suite("What an agent must still know when it starts again")
struct OfflineStoreTests {
    /// Runs `body` with an empty folder that is gone afterwards.
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/muster-store-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        do {
            try await body(folder)
        } catch {
            try FileManager.default.removeItem(atPath: folder)
            throw error
        }
        try FileManager.default.removeItem(atPath: folder)
    }

    private func reopened(_ folder: String, after changes: [Changes]) async throws -> Restored {
        let store = try OfflineStore(folder: folder)
        for change in changes { try await store.commit(change) }
        await store.close()
        let again = try OfflineStore(folder: folder)
        let restored = try await again.restore()
        await again.close()
        return restored
    }

    private func entry(_ number: Int64, _ state: AgentWire.Observation.State = .ready) -> Outbox.Entry {
        .init(
            number: number,
            observation: .init(
                instance: "i\(number)", epoch: 2, state: state, at: .noon, address: "10.0.0.1", code: "image-not-found"
            )
        )
    }

    @Test("an empty folder holds nothing, and is no error")
    func empty() async throws {
        try await withFolder { folder in
            let restored = try await reopened(folder, after: [])
            #expect(restored == Restored())
        }
    }

    @Test("every phase comes back as it was, less the waits of retries")
    func phases() async throws {
        let phases: [InstanceMachine.Phase] = [
            .waiting, .starting(.init()), .running(address: "10.0.0.1"), .running(address: nil),
            .stopping(.init(outcome: .failed("why"), killAt: .noon)),
            .stopping(.init(outcome: .stopped, killAt: .noon)),
            .stopping(.init(outcome: .failed("why", code: .imageNotFound), killAt: .noon)),
            .over(.init(outcome: .stopped, since: .noon)), .over(.init(outcome: .failed("why"), since: .noon)),
        ]
        var changes = Changes()
        for (index, phase) in phases.enumerated() {
            changes.instances["i\(index)"] = .init(
                site: "s", assignment: .sample("i\(index)"), phase: phase, isNew: true
            )
        }
        try await withFolder { folder in
            let restored = try await reopened(folder, after: [changes])
            let byName = Dictionary(uniqueKeysWithValues: restored.instances.map { ($0.assignment.instance, $0) })
            for (index, phase) in phases.enumerated() {
                #expect(byName["i\(index)"]?.phase == phase)
                #expect(byName["i\(index)"]?.assignment == .sample("i\(index)"))
            }
            #expect(restored.running.map(\.instance).sorted() == ["i2", "i3"])
        }
    }

    @Test("a report that was cut comes back whole and alone, what came later waits behind it")
    func reports() async throws {
        var first = Changes()
        first.sites["s"] = .init(cursor: 17, reportSequence: 5)
        first.observed = (1...3).map { .init(site: "s", entry: entry($0)) }
        first.cuts["s"] = .init(sequence: 5, upTo: 2)
        first.clockOffset = .milliseconds(-1_500)
        try await withFolder { folder in
            let restored = try await reopened(folder, after: [first])
            let outbox = Outbox(lastSequence: 5, travelling: [entry(1), entry(2)], waiting: [entry(3)])
            #expect(restored.sites == ["s": .init(cursor: 17, outbox: outbox)])
            #expect(restored.lastNumber == 3)
            #expect(restored.clockOffset == .milliseconds(-1_500))

            var second = Changes()
            second.acknowledged = ["s"]
            second.cuts["s"] = .init(sequence: 6, upTo: 3)
            second.sites["s"] = .init(cursor: 17, reportSequence: 6)
            let later = try await reopened(folder, after: [second])
            #expect(later.sites["s"]?.outbox == Outbox(lastSequence: 6, travelling: [entry(3)], waiting: []))
        }
    }

    @Test("progress is written over the old, and what is forgotten is gone")
    func progress() async throws {
        var first = Changes()
        first.instances["a"] = .init(site: "s", assignment: .sample("a"), phase: .waiting, isNew: true)
        first.instances["b"] = .init(site: "s", assignment: .sample("b"), phase: .waiting, isNew: true)
        var second = Changes()
        second.instances["a"] = .init(
            site: "s", assignment: .sample("a"), phase: .running(address: "10.0.0.1"), isNew: false
        )
        second.forgotten = ["b"]
        try await withFolder { folder in
            let restored = try await reopened(folder, after: [first, second])
            #expect(restored.instances.map(\.phase) == [.running(address: "10.0.0.1")])
            #expect(restored.instances.first?.assignment == .sample("a"))
        }
    }

    @Test("a commit that breaks off leaves nothing of itself")
    func atomic() async throws {
        try await withFolder { folder in
            let store = try OfflineStore(folder: folder)
            var good = Changes()
            good.observed = [.init(site: "s", entry: entry(1))]
            try await store.commit(good)
            var bad = Changes()
            bad.instances["a"] = .init(site: "s", assignment: .sample("a"), phase: .waiting, isNew: true)
            bad.observed = [.init(site: "s", entry: entry(1))]
            await #expect(throws: StoreFailure.self) { try await store.commit(bad) }
            let restored = try await store.restore()
            #expect(restored.instances == [])
            await store.close()
        }
    }

    @Test("the file of an agent's first version is brought up to this one with all that is in it")
    func upgrade() async throws {
        try await withFolder { folder in
            let old = try SQLite(path: folder + "/agent.sqlite", patienceMilliseconds: 0)
            try old.script("BEGIN; \(OfflineStore.schema[0]) PRAGMA user_version = 1; COMMIT;")
            try old.script("INSERT INTO site VALUES ('s', 17, 4)")
            try old.script(
                "INSERT INTO observation (number, site, instance, epoch, state, at_micro)"
                    + " VALUES (1, 's', 'i1', 2, 'failed', 0)"
            )
            old.close()
            var changes = Changes()
            changes.observed = [.init(site: "s", entry: entry(2))]
            let restored = try await reopened(folder, after: [changes])
            #expect(restored.sites["s"]?.cursor == 17)
            #expect(restored.sites["s"]?.outbox.waiting.map(\.observation.code) == [nil, "image-not-found"])
        }
    }

    @Test("a file of a newer agent is left alone")
    func newer() async throws {
        try await withFolder { folder in
            let new = try SQLite(path: folder + "/agent.sqlite", patienceMilliseconds: 0)
            try new.script("PRAGMA user_version = \(OfflineStore.schema.count + 1)")
            new.close()
            #expect(throws: StoreFailure.self) { try OfflineStore(folder: folder) }
        }
    }

    @Test("two agents cannot share a folder")
    func exclusive() async throws {
        try await withFolder { folder in
            let store = try OfflineStore(folder: folder)
            #expect(throws: StoreFailure.self) { try OfflineStore(folder: folder, patienceMilliseconds: 0) }
            await store.close()
        }
    }

    @Test("steps that could not be written are written together later, as if they had been one by one")
    func merged() async throws {
        var first = Changes()
        first.instances["a"] = .init(site: "s", assignment: .sample("a"), phase: .waiting, isNew: true)
        first.instances["b"] = .init(site: "s", assignment: .sample("b"), phase: .waiting, isNew: true)
        var second = Changes()
        second.instances["a"] = .init(site: "s", assignment: .sample("a"), phase: .starting(.init()), isNew: false)
        second.forgotten = ["b"]
        var together = first
        together.merge(second)
        try await withFolder { folder in
            let restored = try await reopened(folder, after: [together])
            #expect(restored.instances == [.init(site: "s", assignment: .sample("a"), phase: .starting(.init()))])
        }
    }
}
