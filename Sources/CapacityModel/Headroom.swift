/// What of a site is protected for one class of tenants: others never reserve into it.
package struct Headroom: Hashable, Sendable {
    package enum Size: Hashable, Sendable {
        /// So many thousandths of all that is allocatable at the site.
        case share(permille: Int)
        /// So much of it; what is zero is not protected. GPUs are whole ones of one model.
        case amounts(Resources)
    }

    package var site: String
    package var tenantClass: TenantClass
    package var size: Size
    /// Why, for other operators.
    package var reason: String

    package init(site: String, tenantClass: TenantClass, size: Size, reason: String) {
        self.site = site
        self.tenantClass = tenantClass
        self.size = size
        self.reason = reason
    }
}

/// The part of a headroom that one host carries.
package struct HostHeadroom: Hashable, Sendable {
    package var host: HostID
    package var tenantClass: TenantClass
    /// No GPUs: those are protected one by one.
    package var amounts: Resources
    /// The GPUs of the host, by index.
    package var devices: Range<Int>

    package init(host: HostID, tenantClass: TenantClass, amounts: Resources, devices: Range<Int> = 0..<0) {
        self.host = host
        self.tenantClass = tenantClass
        self.amounts = amounts
        self.devices = devices
    }
}
