import Synchronization

/// A value tests can wait for: whoever changes it wakes whom the new value satisfies.
final class Watched<Value: Sendable>: Sendable {
    private struct Watcher {
        var holds: @Sendable (Value) -> Bool
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var value: Value
        var watchers: [Int: Watcher] = [:]
        var cancelled: Set<Int> = []
        var count = 0
    }

    private let state: Mutex<State>

    init(_ value: Value) {
        state = Mutex(State(value: value))
    }

    var value: Value { state.withLock { $0.value } }

    @discardableResult
    func change<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        let (result, woken) = state.withLock { state in
            let result = body(&state.value)
            let woken = state.watchers.filter { $0.value.holds(state.value) }
            for number in woken.keys { state.watchers[number] = nil }
            return (result, woken.values.map(\.continuation))
        }
        for continuation in woken { continuation.resume() }
        return result
    }

    /// Returns as soon as the value satisfies `holds`, or the task is cancelled. A suite's time limit ends a wait in
    /// vain.
    func wait(until holds: @escaping @Sendable (Value) -> Bool) async {
        let number = state.withLock { state in
            state.count += 1
            return state.count
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if state.cancelled.remove(number) != nil || holds(state.value) { return true }
                    state.watchers[number] = Watcher(holds: holds, continuation: continuation)
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            let watcher = state.withLock { state in
                let watcher = state.watchers.removeValue(forKey: number)
                if watcher == nil { state.cancelled.insert(number) }
                return watcher
            }
            watcher?.continuation.resume()
        }
    }
}
