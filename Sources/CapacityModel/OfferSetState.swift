/// Where a set of offers stands.
///
///     open ──accept──▶ accepted
///      │└──replace──▶ replaced
///      └───expire───▶ expired
///
/// `open`: hosts are taken for it. `accepted`: one of the offers became an order, and the others went. `replaced`: its tenant
/// was refused something else. `expired`: its minute was over. The last three take nothing.
package enum OfferSetState: String, CaseIterable, Sendable, Codable {
    case open, accepted, replaced, expired

    package enum Event: String, CaseIterable, Sendable, Codable {
        case accept, replace, expire
    }

    /// The state that follows `event`, or `nil` where the event has no meaning.
    package func after(_ event: Event) -> Self? {
        switch (self, event) {
        case (.open, .accept): .accepted
        case (.open, .replace): .replaced
        case (.open, .expire): .expired

        case (.accepted, _), (.replaced, _), (.expired, _): nil
        }
    }
}

/// A number the database gave a set of offers.
package struct OfferSetID: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package static func < (left: OfferSetID, right: OfferSetID) -> Bool { left.rawValue < right.rawValue }
}
