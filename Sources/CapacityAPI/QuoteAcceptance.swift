/// The short body of `POST /v1/orders`: takes up a quote or an offer as it was given.
package struct QuoteAcceptance: Hashable, Sendable {
    package var quoteID: String
    /// What to call the order; absent, as the quoted one.
    package var name: String?

    /// Reads `body`; `nil` where it is an order of its own, which says what and when.
    package static func read(_ body: JSONValue) -> Result<QuoteAcceptance, InvalidBody>? {
        guard case .object(let fields) = body, fields["quoteId"] != nil,
            fields.keys.allSatisfy({ $0 == "quoteId" || $0 == "name" })
        else { return nil }
        return FieldReader.readBody(body) { reader in
            let name = reader.string("name", maxLength: 128)
            return reader.string("quoteId", required: true, maxLength: 64).map {
                QuoteAcceptance(quoteID: $0, name: name)
            }
        }
    }
}
