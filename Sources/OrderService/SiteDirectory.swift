import CapacityModel
import CapacityStore

/// The numbers of sites by name, since notifications carry numbers and agents send names. Sites are never renamed, so
/// what was once found stays; an unknown name reads the list again, at most once a second.
actor SiteDirectory {
    struct Entry: Sendable, Hashable {
        var id: SiteID
        var name: String
    }

    private let store: Store
    private let clock = ContinuousClock()
    private var entries: [String: Entry] = [:]
    private var readAt: ContinuousClock.Instant?
    private var reading: Task<Void, any Error>?

    init(store: Store) {
        self.store = store
    }

    /// The site named so; `nil` where there is none. All who ask while the list is read wait for that reading.
    func find(_ name: String) async throws -> Entry? {
        if let entry = entries[name] { return entry }
        if let readAt, clock.now - readAt < .seconds(1) { return nil }
        let task = reading ?? Task { try await self.read() }
        reading = task
        try await task.value
        return entries[name]
    }

    private func read() async throws {
        defer { reading = nil }
        var after: String?
        while true {
            let records = try await store.sites(after: after, limit: 1_000)
            for record in records { entries[record.site.name] = Entry(id: record.site.id, name: record.site.name) }
            guard records.count == 1_000, let last = records.last else { break }
            after = last.site.name
        }
        readAt = clock.now
    }
}
