package import CapacityModel

/// The fleet as tenants of each class see it: what is protected for others is out of their reach.
///
/// Views are kept up to date side by side, since each order is planned on one of them. While nothing is protected there is
/// one view, which is everybody's.
package struct FleetByClass: Sendable {
    /// What tenants see for whose class nothing is protected anywhere.
    private var outsiders: Inventory
    private var members: [TenantClass: Inventory] = [:]

    /// - Parameter fleet: All of it, with what is protected.
    package init(_ fleet: Inventory) {
        let protected = fleet.protectedClasses
        for tenantClass in protected where tenantClass != .nobody {
            members[tenantClass] = fleet.seen(by: tenantClass)
        }
        // Of a class that can be nobody's, and has no headroom by itself.
        outsiders = protected.isEmpty ? fleet : fleet.seen(by: .outsider)
    }

    package var version: Int64 { outsiders.version }

    /// Whether anything is protected for anybody.
    package var hasHeadroom: Bool { outsiders.hasHeadroom }

    package subscript(tenantClass: TenantClass?) -> Inventory {
        tenantClass.flatMap { members[$0] } ?? outsiders
    }

    package mutating func replaceCalendar(
        of host: HostID, with reservations: [InventoryReservation], closures: [Window]
    ) {
        outsiders.replaceCalendar(of: host, with: reservations, closures: closures)
        for tenantClass in members.keys {
            members[tenantClass]?.replaceCalendar(of: host, with: reservations, closures: closures)
        }
    }

    package mutating func add(_ reservation: InventoryReservation) {
        outsiders.add(reservation)
        for tenantClass in members.keys { members[tenantClass]?.add(reservation) }
    }

    /// Takes a plan out of its hosts for a tenant of `tenantClass`.
    package mutating func take(
        _ plan: Plan, of unit: Resources, during window: Window, by tenantClass: TenantClass
    ) {
        outsiders.take(plan, of: unit, during: window, by: tenantClass)
        for member in members.keys {
            members[member]?.take(plan, of: unit, during: window, by: tenantClass)
        }
    }
}

extension FleetByClass {
    /// Takes all of every host throughout `window`, so that nobody finds room in it.
    package mutating func take(allDuring window: Window) {
        outsiders.take(allDuring: window)
        for member in members.keys { members[member]?.take(allDuring: window) }
    }
}

extension TenantClass {
    /// No name that a class can have.
    fileprivate static let outsider = TenantClass(rawValue: "")
}
