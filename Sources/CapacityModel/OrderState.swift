/// Where an order stands.
///
///     accepted ──deliver──▶ delivering ──ready──▶ active ──release──▶ releasing ──settle──▶ settled
///        │                      │                   │                     ▲
///        │                      └──────release──────┼─────────────────────┤
///        └────────────────────release───────────────┘─────────────────────┘
///
/// `accepted`: capacity is held. `active`: everything that will be ready is ready. `releasing`: the window ended or the
/// order was cancelled. `settled`: every stop is confirmed and the receipt is written.
package enum OrderState: String, CaseIterable, Sendable, Codable {
    case accepted, delivering, active, releasing, settled

    package enum Event: String, CaseIterable, Sendable, Codable {
        case deliver, ready, release, settle
    }

    /// The state that follows `event`, or `nil` where the event has no meaning.
    package func after(_ event: Event) -> Self? {
        switch (self, event) {
        case (.accepted, .deliver): .delivering
        case (.accepted, .release): .releasing
        case (.accepted, _): nil

        case (.delivering, .ready): .active
        case (.delivering, .release): .releasing
        case (.delivering, _): nil

        case (.active, .release): .releasing
        case (.active, _): nil

        case (.releasing, .settle): .settled
        case (.releasing, _): nil

        case (.settled, _): nil
        }
    }
}
