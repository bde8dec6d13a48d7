/// A running instance on its way to another host: made before it is broken.
package enum InstanceMove {
    /// Where a move stands.
    ///
    ///     making ──the new one is ready──▶ breaking ──the old one is over──▶ done
    ///        │                                                                ▲
    ///        │────────────────the old one failed meanwhile────────────────────┘
    ///        └──the new one failed, or the customer gave the instance back──▶ abandoned
    ///
    /// `making`: the old one serves. `breaking`: the new one serves, and the old one was told to stop.
    package enum State: String, CaseIterable, Sendable {
        case making, breaking, done, abandoned
    }

    /// What is to be done about a move. Each but the first changes its state.
    package enum Step: Hashable, Sendable {
        case wait
        /// Tell the old one to stop: the new one is ready.
        case breakOld
        /// The new one is the instance from the old one's end on.
        case finish
        /// As `finish`; the old one failed by itself, and its replacement is there already.
        case finishForFailed
        /// The new one failed: the old one stays, and nothing else is looked for.
        case abandon
        /// Half of the pair was given back, by a smaller count or the end of the order: so is the other half.
        case giveBack
    }

    package static func step(_ state: State, old: Instance.State, new: Instance.State) -> Step {
        switch (state, old, new) {
        case (.done, _, _), (.abandoned, _, _): .wait

        case (.making, _, .failed): .abandon
        case (.making, _, .releasing), (.making, _, .released): .giveBack
        case (.making, .failed, _): .finishForFailed
        case (.making, .releasing, _), (.making, .released, _): .giveBack
        case (.making, _, .ready): .breakOld
        case (.making, _, _): .wait

        case (.breaking, .released, _), (.breaking, .failed, _): .finish
        case (.breaking, _, _): .wait
        }
    }
}
