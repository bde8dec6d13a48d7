/// Group commit: whoever comes while others are being written is written together with all who came meanwhile.
///
/// With little to do every item is written at once and alone; the more there is to do, the more are written at a time, and
/// share the cost of a transaction.
actor GroupCommit<Item: Sendable, Answer: Sendable> {
    /// How many items are written at a time, at most.
    let limit: Int
    /// How many items wait at a time, at most.
    let bound: Int
    private let write: @Sendable ([Item]) async -> [Answer]

    private var waiting: [Waiter] = []
    private var isWriting = false

    private struct Waiter {
        let item: Item
        let continuation: CheckedContinuation<Answer?, Never>
    }

    /// - Parameter write: Writes up to `limit` items, and answers each of them, in order.
    init(limit: Int, bound: Int, write: @escaping @Sendable ([Item]) async -> [Answer]) {
        precondition(limit > 0 && bound > 0, "a group has an item, which may have waited")
        self.limit = limit
        self.bound = bound
        self.write = write
    }

    /// How many items are waiting for the next groups.
    var waitingCount: Int { waiting.count }

    /// The answer to `item`, once its group is written; `nil` at once where `bound` wait already. It is written also where the
    /// caller is cancelled meanwhile.
    func submit(_ item: Item) async -> Answer? {
        guard waiting.count < bound else { return nil }
        return await withCheckedContinuation { continuation in
            waiting.append(Waiter(item: item, continuation: continuation))
            guard !isWriting else { return }
            isWriting = true
            Task { await writeAll() }
        }
    }

    private func writeAll() async {
        while !waiting.isEmpty {
            let group = Array(waiting.prefix(limit))
            waiting.removeFirst(group.count)
            let answers = await write(group.map(\.item))
            precondition(answers.count == group.count, "every item is answered")
            for (waiter, answer) in zip(group, answers) { waiter.continuation.resume(returning: answer) }
        }
        isWriting = false
    }
}
