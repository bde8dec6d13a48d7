/// Where a hold stands.
///
///     held ──release──▶ released
///       └────expire───▶ expired
///
/// `held`: hosts are taken. `released`: its customer gave it back. `expired`: its time was over. The last two take nothing.
package enum HoldState: String, CaseIterable, Sendable, Codable {
    case held, released, expired

    package enum Event: String, CaseIterable, Sendable, Codable {
        case release, expire
    }

    /// The state that follows `event`, or `nil` where the event has no meaning.
    package func after(_ event: Event) -> Self? {
        switch (self, event) {
        case (.held, .release): .released
        case (.held, .expire): .expired

        case (.released, _), (.expired, _): nil
        }
    }
}
