/// A half-open stretch of time, `[start, end)`: the end belongs to whoever comes next.
package struct Window: Hashable, Sendable, Codable {
    package var start: Instant
    package var end: Instant

    package init(start: Instant, end: Instant) {
        precondition(start <= end, "a window ends no earlier than it starts; the validator refuses others before this")
        self.start = start
        self.end = end
    }

    package init(start: Instant, duration: Duration) {
        self.init(start: start, end: start + duration)
    }

    package var duration: Duration { end - start }

    package func contains(_ instant: Instant) -> Bool {
        start <= instant && instant < end
    }

    package func overlaps(_ other: Window) -> Bool {
        start < other.end && other.start < end
    }

    /// The window with `lead` before its start and `grace` after its end: what the ledger takes out of a host.
    package func extended(lead: Duration, grace: Duration) -> Window {
        Window(start: start - lead, end: end + grace)
    }
}
