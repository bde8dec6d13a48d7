/// Whose key an API key is.
package enum KeyRole: String, CaseIterable, Codable, Sendable {
    case tenant, `operator`, agent
}

/// The body of `POST /v1/keys`.
package struct KeyRequest: Hashable, Sendable {
    package var role: KeyRole
    /// The tenant's name, for a tenant's key only; the tenant is made when it is new.
    package var tenant: String?

    package init(role: KeyRole, tenant: String?) {
        self.role = role
        self.tenant = tenant
    }

    package static func read(_ body: JSONValue) -> Result<KeyRequest, InvalidBody> {
        FieldReader.readBody(body) { reader in
            let role = reader.choice("role", of: KeyRole.self, required: true)
            let tenant = reader.string("tenant", maxLength: 64)
            if let tenant, !isName(tenant) {
                reader.report("tenant", .badFormat, "1 to 64 letters, digits, '.', '_' or '-'; found '\(tenant)'")
            }
            if role == .tenant, !reader.has("tenant") {
                reader.report("tenant", .missing, "a tenant's key needs the tenant's name")
            }
            if let role, role != .tenant, tenant != nil {
                reader.report("tenant", .contradiction, "only a tenant's key belongs to a tenant")
            }
            return role.map { KeyRequest(role: $0, tenant: tenant) }
        }
    }

    /// Whether `text` may name a tenant.
    package static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
