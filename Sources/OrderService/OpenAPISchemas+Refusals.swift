extension OpenAPISchemas {
    /// What a refusal offers instead.
    static let refusals = #"""
        {
          "OrderOrQuote": {
            "description": "An order, or the quoteId of a quote or offer that is taken up as it was given.",
            "oneOf": [
              { "$ref": "#/components/schemas/Order" }, { "$ref": "#/components/schemas/QuoteAcceptance" }
            ]
          },
          "QuoteAcceptance": {
            "type": "object", "additionalProperties": false, "required": ["quoteId"],
            "properties": {
              "quoteId": { "type": "string", "maxLength": 64 }, "name": { "type": "string", "maxLength": 128 }
            }
          },
          "Offer": {
            "type": "object", "required": ["kind", "count", "window", "price", "quoteId", "expiresAt"],
            "description": "The same order with what its kind changes. At most one of a kind, the best first. Accepted by sending the changed order with this quoteId, or the quoteId alone, as an order.",
            "properties": {
              "kind": { "type": "string", "enum": ["softer", "wider", "otherSpec", "later", "fewer"] },
              "count": { "type": "integer" },
              "window": { "$ref": "#/components/schemas/WindowView" },
              "price": { "$ref": "#/components/schemas/Price" },
              "quoteId": { "type": "string" }, "expiresAt": { "$ref": "#/components/schemas/Instant" },
              "heldUntil": {
                "description": "The capacity is held until then: accepted by then, it succeeds. At most one set of offers of a tenant is held, until its next refusal; of a site at most half or one host is under offer; after four sets in ten minutes that were not accepted, and for GPUs, nothing is held and this is absent.",
                "$ref": "#/components/schemas/Instant"
              },
              "scope": { "description": "Of kind wider.", "$ref": "#/components/schemas/Scope" },
              "spread": {
                "description": "Of kind softer: the limits that are moved as little as works.",
                "type": "array", "items": { "$ref": "#/components/schemas/SpreadRule" }
              },
              "spec": {
                "description": "Of kind otherSpec: what one instance takes, the asked amounts halved up to four times.",
                "$ref": "#/components/schemas/OfferedSpec"
              }
            }
          },
          "OfferedSpec": {
            "type": "object", "required": ["vcpu", "memoryMiB", "diskGiB", "bandwidthMbps"],
            "properties": {
              "vcpu": { "type": "number" }, "memoryMiB": { "type": "integer" }, "diskGiB": { "type": "integer" },
              "bandwidthMbps": { "type": "integer" },
              "gpu": {
                "type": "object", "required": ["model", "count"],
                "properties": { "model": { "type": "string" }, "count": { "type": "integer" } }
              }
            }
          }
        }
        """#
}
