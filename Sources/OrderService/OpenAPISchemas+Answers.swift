extension OpenAPISchemas {
    /// What is answered about orders.
    static let answers = #"""
        {
          "OrderView": {
            "type": "object",
            "required": [
              "id", "state", "createdAt", "revision", "count", "spec", "scope", "window", "spread", "fulfilment",
              "release", "delivery", "counts", "plan", "price"
            ],
            "properties": {
              "id": { "type": "string", "examples": ["ord-12"] },
              "name": { "type": "string" },
              "state": { "$ref": "#/components/schemas/OrderState" },
              "createdAt": { "$ref": "#/components/schemas/Instant" },
              "cancelledAt": { "$ref": "#/components/schemas/Instant" },
              "revision": { "type": "integer", "description": "Also the ETag, in quotes." },
              "count": { "type": "integer" },
              "spec": { "$ref": "#/components/schemas/Spec" },
              "scope": { "$ref": "#/components/schemas/Scope" },
              "window": { "$ref": "#/components/schemas/WindowView" },
              "spread": { "type": "array", "items": { "$ref": "#/components/schemas/SpreadRule" } },
              "fulfilment": { "$ref": "#/components/schemas/Fulfilment" },
              "release": { "type": "object", "required": ["grace"], "properties": { "grace": { "$ref": "#/components/schemas/Duration" } } },
              "delivery": { "type": "object", "required": ["lead"], "properties": { "lead": { "$ref": "#/components/schemas/Duration" } } },
              "prefer": { "$ref": "#/components/schemas/Preference" },
              "affinity": { "type": "array", "items": { "$ref": "#/components/schemas/Affinity" } },
              "antiAffinity": { "type": "array", "items": { "$ref": "#/components/schemas/Affinity" } },
              "survive": { "$ref": "#/components/schemas/Survival" },
              "counts": { "$ref": "#/components/schemas/Counts" },
              "plan": { "$ref": "#/components/schemas/Plan" },
              "spare": { "$ref": "#/components/schemas/Spare" },
              "price": { "$ref": "#/components/schemas/Price" },
              "reservationId": { "type": "string", "description": "The reservation it was drawn from." },
              "problem": {
                "description": "Why the order was given up after it had been accepted; nothing of it was ever ready, and nothing is billed.",
                "$ref": "#/components/schemas/Problem"
              }
            }
          },
          "OrderState": { "type": "string", "enum": ["accepted", "delivering", "active", "releasing", "settled"] },
          "WindowView": {
            "type": "object", "required": ["start", "end", "duration"],
            "properties": {
              "start": { "$ref": "#/components/schemas/Instant" },
              "end": { "$ref": "#/components/schemas/Instant" },
              "duration": { "$ref": "#/components/schemas/Duration" }
            }
          },
          "Counts": {
            "type": "object", "required": ["requested", "reserved", "waiting", "refused", "instances", "failed"],
            "description": "requested = reserved + waiting + refused; reserved is the sum over `instances`.",
            "properties": {
              "requested": { "type": "integer" }, "reserved": { "type": "integer" },
              "waiting": { "type": "integer" }, "refused": { "type": "integer" }, "failed": { "type": "integer" },
              "instances": {
                "type": "object",
                "required": ["planned", "assigned", "starting", "ready", "releasing", "released"],
                "properties": {
                  "planned": { "type": "integer" }, "assigned": { "type": "integer" },
                  "starting": { "type": "integer" }, "ready": { "type": "integer" },
                  "releasing": { "type": "integer" }, "released": { "type": "integer" }
                }
              }
            }
          },
          "Plan": {
            "type": "object", "required": ["sites", "provinces", "hosts", "groups", "relaxed"],
            "properties": {
              "sites": { "type": "integer" }, "provinces": { "type": "integer" }, "hosts": { "type": "integer" },
              "groups": { "type": "array", "items": { "$ref": "#/components/schemas/PlanGroup" } },
              "relaxed": {
                "type": "array", "description": "Relaxable rules that were softened or dropped.",
                "items": { "$ref": "#/components/schemas/RelaxedRule" }
              },
              "relaxedAffinity": {
                "type": "array", "description": "Those of `affinity` that may be relaxed and were not kept; absent where all were.",
                "items": { "$ref": "#/components/schemas/Affinity" }
              },
              "relaxedAntiAffinity": {
                "type": "array", "description": "The same of `antiAffinity`.",
                "items": { "$ref": "#/components/schemas/Affinity" }
              }
            }
          },
          "PlanGroup": {
            "type": "object", "required": ["site", "host", "province", "city", "carrier", "count"],
            "properties": {
              "site": { "type": "string" }, "host": { "type": "string" }, "province": { "type": "string" },
              "city": { "type": "string" }, "carrier": { "type": "string" }, "count": { "type": "integer" },
              "gpuDevices": {
                "type": "array", "items": { "type": "integer" },
                "description": "The GPUs of the host that each of the count is on, by index."
              }
            }
          },
          "Spare": {
            "type": "object", "required": ["count", "sites", "hosts", "amountMicro", "groups"],
            "description": "What is held against the loss of a site and not delivered. It costs nothing; what is delivered of it is billed like the instances that it stands in for. None is left while it is all in use.",
            "properties": {
              "count": { "type": "integer" }, "sites": { "type": "integer" }, "hosts": { "type": "integer" },
              "amountMicro": { "type": "integer", "description": "What holding it costs: 0." },
              "groups": { "type": "array", "items": { "$ref": "#/components/schemas/PlanGroup" } }
            }
          },
          "RelaxedRule": {
            "type": "object", "required": ["level", "whenUnsatisfiable"],
            "description": "The rule as it was given, and what the plan keeps of it: nothing without `softenedTo`.",
            "properties": {
              "level": { "type": "string" }, "maxPerGroup": { "type": "integer" }, "maxShare": { "type": "number" },
              "minGroups": { "type": "integer" }, "maxSkew": { "type": "integer" },
              "whenUnsatisfiable": { "type": "string", "enum": ["relax"] },
              "softenedTo": { "$ref": "#/components/schemas/SpreadRule" }
            }
          },
          "Price": {
            "type": "object", "required": ["currency", "amountMicro", "lines"],
            "properties": {
              "currency": { "type": "string" },
              "amountMicro": { "type": "integer", "description": "Millionths of the currency." },
              "lines": {
                "type": "array",
                "items": {
                  "type": "object",
                  "required": ["area", "count", "instanceSeconds", "instanceHourMicro", "amountMicro"],
                  "properties": {
                    "area": { "type": "string" }, "count": { "type": "integer" },
                    "instanceSeconds": { "type": "integer" }, "instanceHourMicro": { "type": "integer" },
                    "amountMicro": { "type": "integer" }
                  }
                }
              }
            }
          },
          "Quote": {
            "type": "object", "required": ["quoteId", "expiresAt", "count", "missing", "spec", "window", "plan", "price"],
            "properties": {
              "quoteId": { "type": "string" },
              "expiresAt": { "$ref": "#/components/schemas/Instant" },
              "count": { "type": "integer" }, "missing": { "type": "integer" },
              "spec": { "$ref": "#/components/schemas/Spec" },
              "window": { "$ref": "#/components/schemas/WindowView" },
              "plan": { "$ref": "#/components/schemas/Plan" },
              "spare": { "$ref": "#/components/schemas/Spare" },
              "price": { "$ref": "#/components/schemas/Price" },
              "explanation": { "$ref": "#/components/schemas/QuoteExplanation" }
            }
          },
          "Instance": {
            "type": "object", "required": ["id", "site", "host", "province", "state", "since"],
            "properties": {
              "id": { "type": "string", "examples": ["i-345"] },
              "site": { "type": "string" }, "host": { "type": "string" }, "province": { "type": "string" },
              "address": { "type": "string" }, "ssh": { "type": "string" },
              "state": {
                "type": "string",
                "enum": ["planned", "assigned", "starting", "ready", "releasing", "released", "failed"]
              },
              "since": { "$ref": "#/components/schemas/Instant" },
              "message": { "type": "string" },
              "gpuDevices": {
                "type": "array", "items": { "type": "integer" },
                "description": "The GPUs of the host that it is on, by index."
              }
            }
          },
          "OrderEvent": {
            "type": "object", "required": ["sequence", "kind", "at", "state", "counts"],
            "properties": {
              "sequence": { "$ref": "#/components/schemas/Sequence" },
              "kind": { "type": "string", "enum": ["counts", "state"] },
              "at": { "$ref": "#/components/schemas/Instant" },
              "state": { "$ref": "#/components/schemas/OrderState" },
              "counts": { "$ref": "#/components/schemas/Counts" }
            }
          },
          "Problem": {
            "type": "object", "required": ["type", "title", "status"],
            "properties": {
              "type": {
                "type": "string",
                "enum": [
                  "insufficient-capacity", "spread-unsatisfiable", "quote-stale", "quota-exceeded", "invalid-order",
                  "window-in-past", "idempotency-key-reused", "precondition-failed", "not-found", "unauthenticated",
                  "forbidden", "too-many-requests", "conflict", "body-too-large", "method-not-allowed",
                  "unsupported-media-type", "unavailable", "internal"
                ]
              },
              "title": { "type": "string" }, "status": { "type": "integer" }, "detail": { "type": "string" },
              "errors": {
                "type": "array",
                "items": {
                  "type": "object", "required": ["pointer", "code", "detail"],
                  "properties": {
                    "pointer": { "type": "string", "description": "RFC 6901, into the body." },
                    "code": { "type": "string" }, "detail": { "type": "string" }
                  }
                }
              },
              "gap": {
                "type": "array",
                "items": {
                  "type": "object", "required": ["bound", "missing", "detail"],
                  "properties": {
                    "bound": {
                      "type": "string",
                      "enum": ["scope", "spec", "affinity", "headroom", "capacity", "spread", "survival", "waiting"]
                    },
                    "level": { "type": "string" }, "missing": { "type": "integer" }, "detail": { "type": "string" }
                  }
                }
              },
              "offers": {
                "type": "array",
                "items": { "$ref": "#/components/schemas/Offer" }
              },
              "quota": { "$ref": "#/components/schemas/QuotaExcess" },
              "explanation": { "$ref": "#/components/schemas/RefusalExplanation" }
            },
            "examples": [
              {
                "type": "invalid-order", "title": "The request is not valid", "status": 422,
                "detail": "/count: from 1 to 1000000; found 0",
                "errors": [{ "pointer": "/count", "code": "out-of-range", "detail": "from 1 to 1000000; found 0" }]
              }
            ]
          }
        }
        """#
}
