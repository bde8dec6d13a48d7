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
            "type": "object", "required": ["kind", "count", "window"],
            "description": "The same order with what its kind changes. At most one of a kind, the best first. Accepted by sending the changed order with this quoteId, or the quoteId alone, as an order. Of :extend, shorter is offered: up to the end of window it is granted. Offers of reservations, of :scale and :extend, and of orders out of a reservation have neither price nor quoteId and hold nothing: ask again with what is offered. Of a quota that is exceeded, fewer and later are offered, of :scale fewer, of :extend shorter; of an order the hosts are held for it, and the tenant's other orders still count in the quota.",
            "properties": {
              "kind": { "type": "string", "enum": ["withoutSpare", "softer", "wider", "otherSpec", "later", "fewer", "shorter"] },
              "count": { "type": "integer" },
              "window": { "$ref": "#/components/schemas/WindowView" },
              "price": { "$ref": "#/components/schemas/Price" },
              "quoteId": { "type": "string" }, "expiresAt": { "$ref": "#/components/schemas/Instant" },
              "heldUntil": {
                "description": "The capacity is held until then: accepted by then, it succeeds. At most one set of offers of a tenant is held, until its next refusal; of a site at most half or one host is under offer; after four sets in ten minutes that were not accepted nothing is held and this is absent.",
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
          "Flag": { "type": "boolean" },
          "RefusalExplanation": {
            "type": "object", "required": ["searchedUntil", "parts"],
            "properties": {
              "nextStart": {
                "description": "The earliest start at which the same order fits, or as many of it as are acceptable; absent where none does up to searchedUntil.",
                "$ref": "#/components/schemas/Instant"
              },
              "searchedUntil": { "$ref": "#/components/schemas/Instant" },
              "parts": {
                "description": "The whole scope, then its parts: its selectors, or the groups one level below; at most 32.",
                "type": "array", "items": { "$ref": "#/components/schemas/ScopePart" }
              }
            }
          },
          "ScopePart": {
            "type": "object", "required": ["sites", "hosts", "available", "missing", "bindings"],
            "description": "What one part of the scope has to say to all of the order.",
            "properties": {
              "scope": { "description": "Absent for the whole scope.", "$ref": "#/components/schemas/Selector" },
              "sites": { "type": "integer" }, "hosts": { "type": "integer" },
              "available": { "type": "integer" }, "missing": { "type": "integer" },
              "bindings": {
                "type": "array", "description": "What keeps more from fitting, what keeps most out first.",
                "items": {
                  "type": "object", "required": ["constraint", "gain", "together"],
                  "properties": {
                    "constraint": {
                      "type": "string",
                      "enum": [
                        "exclusion", "capability", "vcpu", "memory", "disk", "bandwidth", "gpu", "gpuModel", "closures",
                        "headroom", "holds", "reservations", "spread", "survival"
                      ]
                    },
                    "name": { "type": "string", "description": "Which capability, or the level of the rules." },
                    "gain": { "type": "integer", "description": "How many more fit without it." },
                    "together": {
                      "type": "boolean",
                      "description": "Lifting it alone helps nothing; without all of those listed, gain more fit."
                    }
                  }
                }
              }
            }
          },
          "QuoteExplanation": {
            "type": "object", "required": ["steps", "parts", "spread", "choices"],
            "properties": {
              "steps": {
                "type": "array", "description": "What each constraint left of the fleet, in order.",
                "items": {
                  "type": "object", "required": ["step", "sites", "hosts"],
                  "properties": {
                    "step": {
                      "type": "string",
                      "enum": ["fleet", "included", "notExcluded", "capable", "largeEnough", "free", "used"]
                    },
                    "sites": { "type": "integer" }, "hosts": { "type": "integer" }, "instances": { "type": "integer" }
                  }
                }
              },
              "parts": { "type": "array", "items": { "$ref": "#/components/schemas/ScopePart" } },
              "spread": {
                "type": "array",
                "items": {
                  "type": "object", "required": ["level", "groups", "largest", "relaxed"],
                  "properties": {
                    "level": { "type": "string" }, "limit": { "type": "integer" }, "minGroups": { "type": "integer" },
                    "groups": { "type": "integer" }, "largest": { "type": "integer" }, "relaxed": { "type": "boolean" }
                  }
                }
              },
              "choices": {
                "type": "array", "description": "The plan's sites in the order of preference, the first 100: the less room is left, the sooner a site is used.",
                "items": {
                  "type": "object", "required": ["site", "rank", "room", "count"],
                  "properties": {
                    "site": { "type": "string" }, "rank": { "type": "integer" }, "room": { "type": "integer" },
                    "count": { "type": "integer" }
                  }
                }
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
                "properties": {
                  "model": { "type": "string" },
                  "count": { "type": "number", "description": "Whole devices, or the share of one." }
                }
              }
            }
          }
        }
        """#
}
