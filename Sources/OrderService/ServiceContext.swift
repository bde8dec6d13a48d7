import CapacityAPI
import CapacityModel
import CapacityStore
package import Hummingbird

/// What travels with one request: the router's own things, and who is asking.
package struct ServiceContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Set once the key has been checked; `nil` where no key is needed.
    var principal: Principal?
    /// What finds this request in the log; the caller's own where it sent one.
    var requestID: String

    package init(source: Source) {
        coreContext = .init(source: source)
        requestID = RequestID().description
    }

    /// Whose orders may be seen: one tenant's, or all (`nil`) for an operator.
    var visibleTenant: TenantID? {
        get throws {
            switch principal?.role {
            case .tenant(let tenant): tenant
            case .operator: nil
            case .agent, nil: throw Problem(.forbidden, detail: "agents have no orders")
            }
        }
    }

    /// The tenant an order would belong to. Operators have none, so they cannot order.
    var orderingTenant: TenantID {
        get throws {
            guard case .tenant(let tenant) = principal?.role else {
                throw Problem(.forbidden, detail: "an order belongs to a tenant; use a tenant's key")
            }
            return tenant
        }
    }
}
