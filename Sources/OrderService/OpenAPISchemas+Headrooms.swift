extension OpenAPISchemas {
    /// What is protected for which class of tenants.
    static let headrooms = #"""
        {
          "HeadroomRequest": {
            "type": "object", "additionalProperties": false, "required": ["reason"],
            "oneOf": [{ "required": ["share"] }, { "required": ["amounts"] }],
            "properties": {
              "share": {
                "type": "number", "minimum": 0.001, "maximum": 1,
                "description": "Of all that is allocatable at the site, in steps of a thousandth; it follows what the site has."
              },
              "amounts": { "$ref": "#/components/schemas/HeadroomAmounts" },
              "reason": { "$ref": "#/components/schemas/Reason" }
            },
            "examples": [
              { "share": 0.2, "reason": "contract 17" },
              { "amounts": { "vcpu": 500, "gpu": { "model": "G2", "count": 4 } }, "reason": "contract 17" }
            ]
          },
          "HeadroomAmounts": {
            "type": "object", "additionalProperties": false, "minProperties": 1,
            "description": "Over all hosts of the site, each carrying its part. What is absent or 0 is not protected; not all are 0.",
            "properties": {
              "vcpu": { "type": "number", "minimum": 0, "maximum": 100000000 },
              "memoryMiB": { "type": "integer", "minimum": 0, "maximum": 1000000000000 },
              "diskGiB": { "type": "integer", "minimum": 0, "maximum": 1000000000000 },
              "bandwidthMbps": { "type": "integer", "minimum": 0, "maximum": 1000000000000 },
              "gpu": {
                "type": "object", "additionalProperties": false, "required": ["model", "count"],
                "description": "Whole devices: the last ones of each host.",
                "properties": {
                  "model": { "type": "string", "maxLength": 64 },
                  "count": { "type": "integer", "minimum": 1, "maximum": 1000000 }
                }
              }
            }
          },
          "ProtectedAmounts": {
            "type": "object", "required": ["vcpu", "memoryMiB", "diskGiB", "bandwidthMbps", "gpuCount"],
            "properties": {
              "vcpu": { "type": "number" }, "memoryMiB": { "type": "integer" }, "diskGiB": { "type": "integer" },
              "bandwidthMbps": { "type": "integer" }, "gpuCount": { "type": "integer" }, "gpuModel": { "type": "string" }
            }
          },
          "Headroom": {
            "type": "object", "required": ["site", "tenantClass", "reason", "protected", "used", "changedAt"],
            "properties": {
              "site": { "type": "string" },
              "tenantClass": { "type": "string", "description": "'nobody' where it is the operator's own." },
              "share": { "type": "number" },
              "amounts": { "description": "As asked for, instead of a share.", "$ref": "#/components/schemas/ProtectedAmounts" },
              "reason": { "type": "string" },
              "protected": {
                "description": "What that is now; less than the amounts where the site has become smaller.",
                "$ref": "#/components/schemas/ProtectedAmounts"
              },
              "used": {
                "description": "What tenants of the class have reserved at the site now.",
                "$ref": "#/components/schemas/ProtectedAmounts"
              },
              "changedAt": { "$ref": "#/components/schemas/Instant" },
              "shortfall": { "$ref": "#/components/schemas/Shortfall" }
            }
          },
          "Shortfall": {
            "type": "object", "required": ["items", "more"],
            "description": "What is protected at the site, for any class, and used by others who were there before.",
            "properties": {
              "until": {
                "description": "From then on nobody else uses any of it. Absent: from now on.",
                "$ref": "#/components/schemas/Instant"
              },
              "items": {
                "type": "array", "maxItems": 1000,
                "items": {
                  "type": "object", "required": ["host", "resource", "missing", "window"],
                  "properties": {
                    "host": { "type": "string" },
                    "resource": { "type": "string", "enum": ["vcpu", "memoryMiB", "diskGiB", "bandwidthMbps", "gpu"] },
                    "missing": { "type": "number", "description": "The most at any moment." },
                    "window": { "$ref": "#/components/schemas/WindowView" }
                  }
                }
              },
              "more": { "type": "boolean", "description": "Whether there are more than `items`." }
            }
          },
          "HeadroomPage": {
            "type": "object", "required": ["items"],
            "properties": {
              "items": { "type": "array", "items": { "$ref": "#/components/schemas/Headroom" } },
              "next": { "type": "string" }
            }
          },
          "TenantRequest": {
            "type": "object", "additionalProperties": false, "required": ["class"],
            "properties": {
              "class": {
                "type": "string", "pattern": "^[a-z][a-z0-9-]{0,62}$",
                "description": "What operators protect capacity for; 'standard' unless set, and never 'nobody'."
              }
            },
            "examples": [{ "class": "platinum" }]
          },
          "Tenant": {
            "type": "object", "required": ["name", "class", "createdAt"],
            "properties": {
              "name": { "type": "string" }, "class": { "type": "string" },
              "createdAt": { "$ref": "#/components/schemas/Instant" }
            }
          },
          "TenantPage": {
            "type": "object", "required": ["items"],
            "properties": {
              "items": { "type": "array", "items": { "$ref": "#/components/schemas/Tenant" } },
              "next": { "type": "string" }
            }
          }
        }
        """#
}
