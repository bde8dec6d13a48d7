extension OpenAPISchemas {
    /// What is asked and answered about reservations.
    static let reservations = #"""
        {
          "Reservation": {
            "type": "object", "additionalProperties": false, "required": ["spec", "count"],
            "properties": {
              "name": { "type": "string", "maxLength": 128 },
              "spec": { "$ref": "#/components/schemas/UnitAmounts" },
              "count": { "type": "integer", "minimum": 1, "maximum": 1000000 },
              "scope": { "$ref": "#/components/schemas/Scope" },
              "window": {
                "description": "Without an end, open-ended: until 400 days after it is made. Absent: from now.",
                "$ref": "#/components/schemas/Window"
              },
              "spread": { "type": "array", "maxItems": 16, "items": { "$ref": "#/components/schemas/SpreadRule" } },
              "release": {
                "type": "object", "additionalProperties": false,
                "properties": { "grace": { "$ref": "#/components/schemas/Duration" } }
              },
              "delivery": {
                "type": "object", "additionalProperties": false,
                "properties": { "lead": { "$ref": "#/components/schemas/Duration" } }
              },
              "prefer": { "$ref": "#/components/schemas/Preference" },
              "timeToLive": {
                "description": "How long after the window's start the capacity is held for nobody: PT1M to P400D, P1D if absent.",
                "$ref": "#/components/schemas/Duration"
              }
            },
            "examples": [
              {
                "name": "vm-fleet", "spec": { "vcpu": 8, "memoryMiB": 16384 }, "count": 1000,
                "scope": { "include": [{ "province": "44", "carrier": "telecom" }] },
                "window": { "start": "2026-06-17T20:00:00+08:00" }, "timeToLive": "P7D"
              }
            ]
          },
          "UnitAmounts": {
            "type": "object", "additionalProperties": false, "required": ["vcpu", "memoryMiB"],
            "properties": {
              "vcpu": { "type": "number", "minimum": 0.01, "maximum": 1024, "description": "Cores." },
              "memoryMiB": { "type": "integer", "minimum": 4, "maximum": 16777216 },
              "diskGiB": { "type": "integer", "minimum": 0, "maximum": 1048576 },
              "bandwidthMbps": { "type": "integer", "minimum": 0, "maximum": 1000000 },
              "gpu": {
                "type": "object", "additionalProperties": false, "required": ["model"],
                "properties": {
                  "model": { "type": "string", "maxLength": 64 },
                  "count": {
                    "description": "Whole devices, or the share of one device in steps of 0.001. 1 where it is left out.",
                    "oneOf": [
                      { "type": "integer", "minimum": 1, "maximum": 64 },
                      { "type": "number", "minimum": 0.001, "maximum": 0.999 }
                    ]
                  }
                }
              }
            }
          },
          "ReservationView": {
            "type": "object",
            "required": [
              "id", "state", "createdAt", "expiresAt", "count", "spec", "scope", "window", "spread", "release",
              "delivery", "counts", "plan"
            ],
            "properties": {
              "id": { "type": "string", "examples": ["rsv-7"] },
              "name": { "type": "string" },
              "state": { "type": "string", "enum": ["held", "drawn", "released", "expired"] },
              "createdAt": { "$ref": "#/components/schemas/Instant" },
              "expiresAt": {
                "description": "Whatever is still held then is released within a minute.",
                "$ref": "#/components/schemas/Instant"
              },
              "count": { "type": "integer" },
              "spec": { "$ref": "#/components/schemas/UnitAmounts" },
              "scope": { "$ref": "#/components/schemas/Scope" },
              "window": { "$ref": "#/components/schemas/WindowView" },
              "spread": { "type": "array", "items": { "$ref": "#/components/schemas/SpreadRule" } },
              "release": { "type": "object", "required": ["grace"], "properties": { "grace": { "$ref": "#/components/schemas/Duration" } } },
              "delivery": { "type": "object", "required": ["lead"], "properties": { "lead": { "$ref": "#/components/schemas/Duration" } } },
              "counts": {
                "type": "object", "required": ["requested", "held", "drawn", "released"],
                "description": "requested = held + drawn + released; orders that name it draw.",
                "properties": {
                  "requested": { "type": "integer" }, "held": { "type": "integer" }, "drawn": { "type": "integer" },
                  "released": { "type": "integer" }
                }
              },
              "prefer": { "$ref": "#/components/schemas/Preference" },
              "plan": { "$ref": "#/components/schemas/Plan" }
            }
          },
          "ReservationPage": {
            "type": "object", "required": ["items"],
            "properties": {
              "items": { "type": "array", "items": { "$ref": "#/components/schemas/ReservationView" } },
              "next": { "type": "string", "description": "The cursor of the next page; absent on the last." }
            }
          }
        }
        """#
}
