package import CapacityAPI

/// What one site has to say to the centre: in order, in numbered reports, one on its way at a time.
///
/// While a report travels, what happens gathers for the next one, so reports grow with the traffic and nothing waits
/// for a timer. A report once cut never changes: resent, it is the same report, and the centre counts it once.
package struct Outbox: Equatable, Sendable {
    /// An observation and its number in the store.
    package struct Entry: Equatable, Sendable {
        package var number: Int64
        package var observation: AgentWire.Observation

        package init(number: Int64, observation: AgentWire.Observation) {
            self.number = number
            self.observation = observation
        }
    }

    /// The sequence of the last report cut.
    package private(set) var lastSequence: Int64
    package private(set) var travelling: [Entry]
    package private(set) var waiting: [Entry]

    /// - Parameter travelling: what was cut as `lastSequence` and is not acknowledged.
    package init(lastSequence: Int64 = 0, travelling: [Entry] = [], waiting: [Entry] = []) {
        self.lastSequence = lastSequence
        self.travelling = travelling
        self.waiting = waiting
    }

    /// The report on its way, if one is.
    package var report: AgentWire.Report? {
        travelling.isEmpty
            ? nil : AgentWire.Report(sequence: lastSequence, observations: travelling.map(\.observation))
    }

    package mutating func add(_ entry: Entry) {
        waiting.append(entry)
    }

    /// Cuts the next report where none is on its way; returns the highest entry number in it.
    package mutating func cut(limit: Int = AgentWire.batchLimit) -> Int64? {
        guard travelling.isEmpty, !waiting.isEmpty else { return nil }
        travelling = Array(waiting.prefix(limit))
        waiting.removeFirst(travelling.count)
        lastSequence += 1
        return travelling.last?.number
    }

    /// The last report the centre took is `sequence`. Returns whether that ended a report's travel; any other number
    /// means that the one on its way was not taken.
    package mutating func acknowledged(_ sequence: Int64) -> Bool {
        guard !travelling.isEmpty, sequence == lastSequence else { return false }
        travelling = []
        return true
    }

    /// The centre counts from `sequence`, which is not where this outbox is: after a lost store on either side.
    /// A report on its way is numbered anew. Returns whether anything changed.
    package mutating func goOn(after sequence: Int64) -> Bool {
        let next = travelling.isEmpty ? sequence : sequence + 1
        guard next != lastSequence else { return false }
        lastSequence = next
        return true
    }
}
