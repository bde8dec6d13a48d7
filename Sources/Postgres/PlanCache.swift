/// Which statements a session has prepared on the server.
///
/// The first use of a text only notes it, the second prepares it: what is used once costs one round trip and leaves
/// nothing behind. When `capacity` texts are known everything is forgotten at once; that is rare, and simpler than age.
struct PlanCache {
    struct Key: Hashable {
        var text: String
        var types: [UInt32]
    }

    enum Use: Equatable {
        /// Run it as it is.
        case direct
        /// Prepare it under this name, then run it.
        case prepare(String)
        /// Run it by this name.
        case prepared(String)
    }

    private enum Entry {
        case seen
        case prepared(String)
    }

    let capacity: Int
    private var entries: [Key: Entry] = [:]
    private var preparedCount = 0
    /// Names are never used twice, so a plan forgotten here cannot be mistaken for a new one.
    private var nextName = 0
    /// Whether the server still holds plans that were forgotten.
    private(set) var mustDeallocate = false

    init(capacity: Int = 256) {
        self.capacity = capacity
    }

    mutating func use(_ key: Key) -> Use {
        switch entries[key] {
        case .prepared(let name): return .prepared(name)
        case .seen:
            nextName += 1
            return .prepare("muster_\(nextName)")
        case nil:
            if entries.count >= capacity {
                mustDeallocate = mustDeallocate || preparedCount > 0
                entries.removeAll(keepingCapacity: true)
                preparedCount = 0
            }
            entries[key] = .seen
            return .direct
        }
    }

    mutating func prepared(_ key: Key, as name: String) {
        entries[key] = .prepared(name)
        preparedCount += 1
    }

    /// Forgets one plan that no longer fits. The server keeps it until `mustDeallocate` is acted upon.
    mutating func forget(_ key: Key) {
        guard case .prepared? = entries.removeValue(forKey: key) else { return }
        mustDeallocate = true
        preparedCount -= 1
    }

    /// Forgets everything, because the server did.
    mutating func deallocated() {
        entries.removeAll(keepingCapacity: true)
        preparedCount = 0
        mustDeallocate = false
    }
}
