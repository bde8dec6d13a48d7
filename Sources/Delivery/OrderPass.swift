import CapacityModel
import CapacityStore

/// Decides what is due for one order at one instant. Knows nothing of databases, agents or clocks.
///
/// A pass takes no input but the order itself: a nudge says that something changed, never what, so the pass after a crash finds
/// the same work.
struct OrderPass {
    enum Action: Hashable {
        /// Hand planned instances to their agents.
        case assign
        /// Deliver spare in place of up to so many waiting instances; look for capacity only where none can be used.
        case deliverSpare(Int)
        /// See whether the spare is whole, and make it so.
        case keepSpare
        /// Look for capacity for so many waiting instances.
        case place(Int)
        /// Give up what is waiting.
        case refuseWaiting
        /// Move along this arrow.
        case move(OrderState.Event)
        /// The window is over: whatever is live is being released.
        case release
        /// The window is not over and nothing shall run: tell the agents.
        case stop
        /// Write down why the order was given up.
        case note(OrderProblem)
        /// Free what silent agents must have stopped by themselves.
        case fence
        /// Every stop is confirmed: write the receipt.
        case settle
    }

    struct Decision: Hashable {
        var actions: [Action]
        /// When to look again at the latest; `nil` when the order is finished.
        var next: Duration?
    }

    /// Agents are told this long before instances may be started; they start them by their own clocks.
    static let handOverLead = Duration.seconds(30)
    /// How often an order is looked at while agents work on it; reports nudge it sooner.
    static let pace = Duration.seconds(2)
    /// How often missing capacity is looked for.
    static let topUpPace = Duration.seconds(5)
    /// How often it is seen whether a spare is whole: hosts are closed, and room comes free, without an order hearing of it.
    static let sparePace = Duration.seconds(60)
    /// An agent silent for so long after the grace has stopped everything by its own fence.
    static let fenceSilence = Duration.seconds(600)

    static func handOverAt(_ startAt: Instant) -> Instant { startAt - handOverLead }

    /// - Parameter search: What the sites said of the order's image, where one of them has missed it.
    static func decide(_ order: OrderRecord, _ search: ImageSearch? = nil, at now: Instant) -> Decision {
        switch order.state {
        case .settled:
            return Decision(actions: [], next: nil)
        case .releasing:
            guard order.counts.live == 0 else { return Decision(actions: [.fence], next: pace) }
            return Decision(actions: [.refuseWaiting, .settle, .move(.settle)], next: nil)
        case .accepted, .delivering, .active:
            guard now < order.window.end else {
                return Decision(actions: [.refuseWaiting, .release, .move(.release)], next: .zero)
            }
            if let problem = search.flatMap(problem) {
                return Decision(actions: [.stop, .refuseWaiting, .move(.release), .note(problem)], next: .zero)
            }
            return serving(order, at: now)
        }
    }

    /// Before and during the window.
    private static func serving(_ order: OrderRecord, at now: Instant) -> Decision {
        var actions: [Action] = []
        var next = order.window.end - now
        if order.counts.waiting > 0 {
            let wanted = stillWanted(order, at: now)
            if wanted > 0, order.spare > 0 {
                actions.append(.deliverSpare(wanted))
                next = .zero
            } else if wanted > 0 {
                actions.append(.place(wanted))
                next = min(next, topUpPace)
            } else {
                actions.append(.refuseWaiting)
            }
        }
        // Nothing is left of it, and nothing more is looked for: there is no window to wait for.
        if order.counts.live == 0, actions.isEmpty, order.counts.waiting == 0, order.counts.released == 0 {
            return Decision(actions: [.release, .move(.release)], next: .zero)
        }
        if order.keepsSpare(at: now) { next = min(next, sparePace) }
        guard now >= handOverAt(order.startAt) else {
            if order.keepsSpare(at: now) { actions.append(.keepSpare) }
            return Decision(actions: actions, next: min(next, handOverAt(order.startAt) - now))
        }
        if order.counts.planned > 0 { actions.append(.assign) }
        switch order.state {
        case .accepted:
            actions.append(.move(.deliver))
            next = min(next, pace)
        case .delivering where order.counts.pending == 0 && actions.isEmpty:
            actions.append(.move(.ready))
        case .delivering:
            next = min(next, pace)
        case .active, .releasing, .settled:
            break
        }
        if order.keepsSpare(at: now) { actions.append(.keepSpare) }
        return Decision(actions: actions, next: next)
    }

    /// How many of the waiting instances are still looked for: failed ones while the order has retries left, never placed
    /// ones while it tops up and its deadline has not passed.
    static func stillWanted(_ order: OrderRecord, at now: Instant) -> Int {
        let failed = min(order.counts.waiting, order.counts.failed - order.replaced)
        let neverPlaced = order.counts.waiting - failed
        let retriesLeft = max(0, replacementLimit(order.counts.requested) + order.lost - order.replaced)
        let topUp = order.request.fulfilment.topUp && now < order.deadline ? neverPlaced : 0
        return min(failed, retriesLeft) + topUp
    }

    /// How many failed instances of an order of `count` are placed again: an image that starts nowhere must come to an end.
    /// What was lost with a site does not count.
    static func replacementLimit(_ count: Int) -> Int { max(3, count) }
}
