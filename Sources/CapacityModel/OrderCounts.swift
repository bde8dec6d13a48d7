/// How many instances of an order stand where: `requested = reserved + waiting + refused`.
package struct OrderCounts: Hashable, Sendable {
    package var requested: Int
    /// Neither placed nor given up: looked for until the deadline, or to replace failed ones.
    package var waiting: Int
    package var refused: Int
    package var planned: Int
    package var assigned: Int
    package var starting: Int
    package var ready: Int
    package var releasing: Int
    package var released: Int
    /// Failed so far. Each failed one was counted as waiting again.
    package var failed: Int

    package init(
        requested: Int, waiting: Int = 0, refused: Int = 0, planned: Int = 0, assigned: Int = 0, starting: Int = 0,
        ready: Int = 0, releasing: Int = 0, released: Int = 0, failed: Int = 0
    ) {
        self.requested = requested
        self.waiting = waiting
        self.refused = refused
        self.planned = planned
        self.assigned = assigned
        self.starting = starting
        self.ready = ready
        self.releasing = releasing
        self.released = released
        self.failed = failed
    }

    /// Every instance that has or had capacity, failed ones aside.
    package var reserved: Int { planned + assigned + starting + ready + releasing + released }

    /// Instances whose stop is not confirmed.
    package var live: Int { reserved - released }

    /// Instances on their way to being ready.
    package var pending: Int { planned + assigned + starting }
}
