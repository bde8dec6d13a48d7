package import CapacityModel
package import CapacityStore
import JobQueue
import Postgres

/// Where operators close hosts and sites and open them again.
package struct FleetDesk: Sendable {
    let store: Store
    let bell: Bell

    package init(_ desk: OrderDesk) {
        store = desk.store
        bell = desk.bell
    }

    /// Closes a place. Nothing new is placed there from the commit on, whatever a planner believes; what is there already
    /// is the closure's impact.
    package func close(_ new: NewClosure) async throws(StoreError) -> CloseOutcome {
        let now = try await store.now()
        if let end = new.end ?? new.start, end <= now { return .past(end: end, now: now) }
        let id = try await store.transaction { session in
            guard let id = try Store.close(new, in: session) else { return ClosureID?.none }
            // Moving away is the sweep's; it finds the drain by itself, this only spares the wait.
            if new.drains { try JobQueue.hasten(uniqueKeys: [SweepOrders.kind], in: session) }
            return id
        }
        guard let id else { return .notFound }
        if new.drains { bell.ring(ReconcileOrder.queue) }
        guard let made = try await store.closure(id) else { throw .stale }
        return .closed(made)
    }

    /// Lifts the cordon of a place; whether the place is known.
    package func uncordon(_ place: FleetPlace) async throws(StoreError) -> Bool {
        let isKnown = try await store.transaction { session in
            let isKnown = try Store.uncordon(place, in: session)
            if isKnown { try ReconcileOrder.nudgeWaiting(in: session) }
            return isKnown
        }
        if isKnown { bell.ring(ReconcileOrder.queue) }
        return isKnown
    }

    /// Lifts a closure; lifting it twice is the same.
    package func lift(_ id: ClosureID) async throws(StoreError) -> LiftOutcome {
        let lifting = try await store.transaction { session in
            let lifting = try Store.lift(id, fence: OrderPass.fenceSilence, in: session)
            if lifting == .lifted { try ReconcileOrder.nudgeWaiting(in: session) }
            return lifting
        }
        if lifting == .lifted { bell.ring(ReconcileOrder.queue) }
        guard let closure = try await store.closure(id) else { return .notFound }
        if case .tooEarly(let unstopped) = lifting { return .tooEarly(closure, unstopped: unstopped) }
        return .lifted(closure)
    }
}

package enum LiftOutcome: Hashable, Sendable {
    case lifted(Closure)
    case notFound
    /// A lost site, of which so many instances may run still.
    case tooEarly(Closure, unstopped: Int)
}

package enum CloseOutcome: Hashable, Sendable {
    case closed(Closure)
    /// There is no such host or site.
    case notFound
    /// It would be over already.
    case past(end: CapacityModel.Instant, now: CapacityModel.Instant)
}
