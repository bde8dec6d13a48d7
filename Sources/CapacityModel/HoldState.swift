/// Where a hold stands.
///
///     held ──draw──▶ drawn
///      │└──release──▶ released
///      └───expire───▶ expired
///
/// `held`: hosts are taken. `drawn`: orders took the last of it. `released`: its customer gave the rest back. `expired`: its time
/// was over. The last three take nothing.
package enum HoldState: String, CaseIterable, Sendable, Codable {
    case held, drawn, released, expired

    package enum Event: String, CaseIterable, Sendable, Codable {
        /// The last of it was drawn.
        case draw
        case release, expire
    }

    /// The state that follows `event`, or `nil` where the event has no meaning.
    package func after(_ event: Event) -> Self? {
        switch (self, event) {
        case (.held, .draw): .drawn
        case (.held, .release): .released
        case (.held, .expire): .expired

        case (.drawn, _), (.released, _), (.expired, _): nil
        }
    }
}
