/// Which instance the engine works on next: a bounded number at once, stops before starts, one thing at a time for
/// each instance, and a start that a stop overtakes is not made at all.
struct WorkQueue {
    enum Work: Equatable {
        case start(String)
        case stop(String)
    }

    private enum Wanted: Equatable {
        case start, stop
    }

    let limit: Int
    /// What waits for a place, by instance. The lines below may name instances that no longer wait; they are skipped.
    private var wanted: [String: Wanted] = [:]
    private var stops = Line()
    private var starts = Line()
    private var underway: Set<String> = []

    init(limit: Int) {
        precondition(limit > 0, "an engine with no place never works; the flag is checked where it is read")
        self.limit = limit
    }

    var underwayCount: Int { underway.count }
    var waitingCount: Int { wanted.count }

    mutating func add(_ work: Work) {
        switch work {
        case .start(let instance):
            guard wanted.updateValue(.start, forKey: instance) != .start else { return }
            if !underway.contains(instance) { starts.append(instance) }
        case .stop(let instance):
            guard wanted.updateValue(.stop, forKey: instance) != .stop else { return }
            if !underway.contains(instance) { stops.append(instance) }
        }
    }

    /// The next thing to do, if there is one and a place for it. Call `finished` when it is done.
    mutating func next() -> Work? {
        guard underway.count < limit else { return nil }
        while let instance = stops.takeFirst() {
            if take(.stop, of: instance) { return .stop(instance) }
        }
        while let instance = starts.takeFirst() {
            if take(.start, of: instance) { return .start(instance) }
        }
        return nil
    }

    mutating func finished(_ instance: String) {
        underway.remove(instance)
        // What was wanted meanwhile gets in line now.
        switch wanted[instance] {
        case .start: starts.append(instance)
        case .stop: stops.append(instance)
        case nil: break
        }
    }

    private mutating func take(_ kind: Wanted, of instance: String) -> Bool {
        guard wanted[instance] == kind, !underway.contains(instance) else { return false }
        wanted[instance] = nil
        underway.insert(instance)
        return true
    }
}

extension WorkQueue {
    /// First in, first out, without moving what stays.
    private struct Line {
        private var items: [String] = []
        private var head = 0

        mutating func append(_ item: String) { items.append(item) }

        mutating func takeFirst() -> String? {
            guard head < items.count else { return nil }
            defer {
                head += 1
                if head == items.count || head > 4_096 && head > items.count / 2 {
                    items.removeFirst(head)
                    head = 0
                }
            }
            return items[head]
        }
    }
}
