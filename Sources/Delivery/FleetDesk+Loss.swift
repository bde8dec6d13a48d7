package import CapacityModel
package import CapacityStore

/// Where operators say that a site is gone.
extension FleetDesk {
    /// Declares a site lost: nothing is placed there any more, and what ran there has failed from this instant on. Orders that hold
    /// a spare get it, all others are placed anew; nobody waits for the site's agent. Declared again it stays as it is, and what is
    /// to begin there meanwhile is given up too.
    package func declareLost(site: String, reason: String) async throws(StoreError) -> CloseOutcome {
        let outcome = try await close(
            NewClosure(kind: .loss, place: .site(site), drains: true, reason: reason))
        // The closure stands by now: whatever is committed later sees it, and what was before is found.
        if case .closed = outcome { try await LossSweep(store: store, bell: bell).run() }
        return outcome
    }

    /// What a closure meets now, at most `limit` reservations by name.
    package func impact(of closure: ClosureID, limit: Int) async throws(StoreError) -> Impact {
        try await store.impact(of: closure, limit: limit)
    }

    /// What was lost with a closure, at most `limit` orders by name.
    package func loss(of closure: ClosureID, limit: Int) async throws(StoreError) -> SiteLoss {
        try await store.loss(of: closure, fence: OrderPass.fenceSilence, limit: limit)
    }
}
