/// One delivered container or VM.
package enum Instance {
    /// Where an instance stands.
    ///
    ///     planned ──assign──▶ assigned ──start──▶ starting ──ready──▶ ready
    ///      │    │                │ │                │  │               │ │
    ///      │fail│release  release│ │fail     release│  │fail    release│ │fail
    ///      ▼    ▼                ▼ ▼                ▼  ▼               ▼ ▼
    ///  failed released ◀──stopped── releasing      ...failed
    ///
    /// `planned` has capacity and no agent knows it; it fails where its site is lost before it is handed over. `releasing` was told to stop. `released` and `failed` are confirmed stops:
    /// only they give capacity back. A failed instance is replaced by another one, never started again.
    package enum State: String, CaseIterable, Sendable, Codable {
        case planned, assigned, starting, ready, releasing, released, failed
    }

    package enum Event: String, CaseIterable, Sendable, Codable {
        case assign, start, ready, release, stopped, fail
    }

    /// What an engine found wrong for certain, where knowing it changes what is done about a failure.
    package enum FailureCode: String, CaseIterable, Sendable, Codable {
        /// There is no such image to be had: no registry was silent, each said that it has none.
        case imageNotFound = "image-not-found"
    }
}

extension Instance.State {
    /// The state that follows `event`, or `nil` where the event has no meaning.
    ///
    /// Reports may skip steps: an agent that was cut off says `ready` or `stopped` without the steps between.
    package func after(_ event: Instance.Event) -> Self? {
        switch (self, event) {
        case (.planned, .assign): .assigned
        case (.planned, .release): .released
        case (.planned, .fail): .failed
        case (.planned, _): nil

        case (.assigned, .start): .starting
        case (.assigned, .ready): .ready
        case (.assigned, .release): .releasing
        case (.assigned, .stopped): .released
        case (.assigned, .fail): .failed
        case (.assigned, _): nil

        case (.starting, .ready): .ready
        case (.starting, .release): .releasing
        case (.starting, .stopped): .released
        case (.starting, .fail): .failed
        case (.starting, _): nil

        case (.ready, .release): .releasing
        case (.ready, .stopped): .released
        case (.ready, .fail): .failed
        case (.ready, _): nil

        case (.releasing, .stopped): .released
        case (.releasing, .fail): .released
        case (.releasing, _): nil

        case (.released, _), (.failed, _): nil
        }
    }

    /// Whether the instance's capacity has been given back.
    package var isOver: Bool { self == .released || self == .failed }
}
