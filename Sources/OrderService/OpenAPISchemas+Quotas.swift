extension OpenAPISchemas {
    /// What is asked and answered about quotas.
    static let quotas = #"""
        {
          "Quota": {
            "type": "object", "additionalProperties": false, "required": ["limits"],
            "properties": {
              "scope": {
                "description": "The limits hold over all sites in it together. Absent: nationwide.",
                "$ref": "#/components/schemas/Scope"
              },
              "from": {
                "description": "The limits hold from then on. Absent: always so far.",
                "$ref": "#/components/schemas/Instant"
              },
              "until": {
                "description": "They hold until just before then. Absent: for ever.",
                "$ref": "#/components/schemas/Instant"
              },
              "limits": { "type": "array", "maxItems": 64, "items": { "$ref": "#/components/schemas/QuotaLimit" } }
            },
            "examples": [
              {
                "scope": { "include": [{ "province": "44", "carrier": "telecom" }] },
                "from": "2026-06-17T00:00:00+08:00", "until": "2026-06-20T00:00:00+08:00",
                "limits": [
                  { "resource": "vcpu", "limit": 500 }, { "resource": "gpu", "gpuModel": "G2", "limit": 8 },
                  { "resource": "instances", "limit": 1000 }
                ]
              }
            ]
          },
          "QuotaResource": {
            "type": "string", "enum": ["vcpu", "memoryMiB", "diskGiB", "bandwidthMbps", "gpu", "instances"]
          },
          "QuotaLimit": {
            "type": "object", "additionalProperties": false, "required": ["resource", "limit"],
            "properties": {
              "resource": { "$ref": "#/components/schemas/QuotaResource" },
              "gpuModel": { "type": "string", "maxLength": 64, "description": "With gpu only. Absent: all models together." },
              "limit": { "type": "number", "minimum": 0, "maximum": 1000000000000, "description": "0 allows nothing." }
            }
          },
          "QuotaLimitView": {
            "type": "object", "required": ["resource", "limit", "usedNow", "peakAhead"],
            "properties": {
              "resource": { "$ref": "#/components/schemas/QuotaResource" },
              "gpuModel": { "type": "string" },
              "limit": { "type": "number" },
              "usedNow": { "type": "number" },
              "peakAhead": { "type": "number", "description": "The most from now on by what is reserved." },
              "peakAt": { "description": "When first so much.", "$ref": "#/components/schemas/Instant" }
            }
          },
          "QuotaView": {
            "type": "object", "required": ["tenant", "name", "scope", "limits", "revision", "changedAt"],
            "properties": {
              "tenant": { "type": "string" }, "name": { "type": "string" },
              "scope": { "$ref": "#/components/schemas/Scope" },
              "from": { "$ref": "#/components/schemas/Instant" },
              "until": { "$ref": "#/components/schemas/Instant" },
              "limits": { "type": "array", "items": { "$ref": "#/components/schemas/QuotaLimitView" } },
              "revision": { "type": "integer", "description": "Also the ETag, in quotes." },
              "changedAt": { "$ref": "#/components/schemas/Instant" }
            }
          },
          "QuotaList": {
            "type": "object", "required": ["items"],
            "properties": { "items": { "type": "array", "items": { "$ref": "#/components/schemas/QuotaView" } } }
          },
          "QuotaExcess": {
            "type": "object", "required": ["name", "resource", "limit", "inUse", "asked", "at"],
            "description": "The quota that would be exceeded: inUse of its limit are taken at the worst instant, and asked more.",
            "properties": {
              "name": { "type": "string" },
              "resource": { "$ref": "#/components/schemas/QuotaResource" },
              "gpuModel": { "type": "string" },
              "limit": { "type": "number" }, "inUse": { "type": "number" }, "asked": { "type": "number" },
              "at": { "$ref": "#/components/schemas/Instant" }
            }
          }
        }
        """#
}
