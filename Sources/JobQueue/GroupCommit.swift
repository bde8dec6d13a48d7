import Synchronization

/// Group commit: whoever comes while others are being written is written together with all who came meanwhile.
///
/// With little to do every item is written at once and alone; the more there is to do, the more are written at a time, and
/// share the cost of a transaction.
package final class GroupCommit<Item: Sendable, Answer: Sendable>: Sendable {
    /// The items of a group: those that wait when it is first asked, and the same ever after. Who writes asks when he is ready, as
    /// others may still come.
    package typealias Group = @Sendable () -> [Item]

    /// How many items are written at a time, at most.
    let limit: Int
    /// How many items wait at a time, at most.
    let bound: Int
    private let write: @Sendable (@escaping Group) async -> [Answer]
    private let state = Mutex(State())

    private struct State {
        var waiting: [Waiter] = []
        var isWriting = false
    }

    private struct Waiter {
        let item: Item
        let continuation: CheckedContinuation<Answer?, Never>
    }

    /// - Parameter write: Writes up to `limit` items, and answers each of them, in order.
    package init(limit: Int, bound: Int, write: @escaping @Sendable (@escaping Group) async -> [Answer]) {
        precondition(limit > 0 && bound > 0, "a group has an item, which may have waited")
        self.limit = limit
        self.bound = bound
        self.write = write
    }

    /// How many items are waiting for the next groups.
    package var waitingCount: Int { state.withLock(\.waiting.count) }

    /// The answer to `item`, once its group is written; `nil` at once where `bound` wait already. It is written also where the
    /// caller is cancelled meanwhile.
    package func submit(_ item: Item) async -> Answer? {
        await withCheckedContinuation { continuation in
            let isFirst = state.withLock { state -> Bool? in
                guard state.waiting.count < bound else { return nil }
                state.waiting.append(Waiter(item: item, continuation: continuation))
                defer { state.isWriting = true }
                return !state.isWriting
            }
            switch isFirst {
            case true?: Task { await writeAll() }
            case false?: break
            case nil: continuation.resume(returning: nil)
            }
        }
    }

    private func writeAll() async {
        while !isDone() {
            let group = Taken()
            let answers = await write { self.take(group).map(\.item) }
            let waiters = take(group)
            precondition(answers.count == waiters.count, "every item is answered")
            for (waiter, answer) in zip(waiters, answers) { waiter.continuation.resume(returning: answer) }
        }
    }

    /// Whether nobody waits any more; then the next who comes is the first again.
    private func isDone() -> Bool {
        state.withLock { state in
            state.isWriting = !state.waiting.isEmpty
            return !state.isWriting
        }
    }

    /// Who is in a group, once that is decided.
    private final class Taken: Sendable {
        let waiters = Mutex<[Waiter]?>(nil)
    }

    private func take(_ group: Taken) -> [Waiter] {
        group.waiters.withLock { waiters in
            if let waiters { return waiters }
            let taken = state.withLock { state in
                defer { state.waiting.removeFirst(min(limit, state.waiting.count)) }
                return Array(state.waiting.prefix(limit))
            }
            waiters = taken
            return taken
        }
    }
}
