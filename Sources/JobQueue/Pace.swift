/// Decides when a worker claims, and how much. Knows nothing of clocks, tasks or databases.
///
/// After a claim that came back short, a freed slot is no reason to ask again: there was nothing. Only a nudge (the
/// poll timer, a notification, a bell) is. After a full claim there is likely more, so every freed slot asks at once.
struct Pace {
    enum Action: Equatable {
        case claim(Int)
        case wait
        case stop
    }

    private enum State {
        /// Nobody knows whether there is work.
        case curious
        /// The last claim took all it asked for.
        case busy
        /// The last claim found less than it asked for, and nothing has happened since.
        case content
        case stopping
    }

    private let slots: Int
    private var taken = 0
    private var state = State.curious

    init(slots: Int) {
        precondition(slots > 0, "a worker needs at least one slot")
        self.slots = slots
    }

    /// What to do now. `taken` slots are those of jobs running or not yet settled.
    func next() -> Action {
        switch state {
        case .stopping: .stop
        case .content: .wait
        case .curious, .busy: taken < slots ? .claim(slots - taken) : .wait
        }
    }

    mutating func nudged() {
        switch state {
        case .content: state = .curious
        case .curious, .busy, .stopping: break
        }
    }

    /// A claim is about to be sent: what nudges from here on may not be in its answer.
    mutating func asking() {
        switch state {
        case .curious, .busy: state = .content
        case .content, .stopping: break
        }
    }

    mutating func claimed(_ count: Int, of asked: Int) {
        taken += count
        switch state {
        case .content where count == asked: state = .busy
        case .content, .curious, .busy, .stopping: break
        }
    }

    mutating func freed(_ count: Int) {
        taken -= count
        precondition(taken >= 0, "a slot was freed twice")
    }

    mutating func stopped() {
        state = .stopping
    }
}
