import CapacityModel

/// What is due when, earliest first: one binary heap for all instances of all sites.
///
/// Entries are never taken back. Whoever pops one asks its owner whether it still is due then, which costs less than
/// finding entries in the middle, and holds at most one entry for each change of mind.
struct DueQueue {
    struct Entry: Equatable {
        var at: Instant
        var instance: String
    }

    private var heap: [Entry] = []

    var count: Int { heap.count }
    var first: Entry? { heap.first }

    mutating func push(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].at < heap[parent].at else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes out the earliest entry where it is due at `now`.
    mutating func pop(dueAt now: Instant) -> Entry? {
        guard let earliest = heap.first, earliest.at <= now else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].at < heap[least].at { least = child }
            }
            guard least != parent else { return earliest }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
