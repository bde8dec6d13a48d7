extension OpenAPISchemas {
    /// Cordons, maintenances, retirements and losses.
    static let closures = #"""
        {
          "CordonRequest": {
            "type": "object", "additionalProperties": false, "required": ["reason"],
            "properties": { "reason": { "$ref": "#/components/schemas/Reason" } },
            "examples": [{ "reason": "disk errors" }]
          },
          "MaintenanceRequest": {
            "type": "object", "additionalProperties": false, "required": ["window", "reason"],
            "properties": {
              "window": { "$ref": "#/components/schemas/Window" },
              "reason": { "$ref": "#/components/schemas/Reason" },
              "drain": { "$ref": "#/components/schemas/Drain" }
            },
            "examples": [
              { "window": { "start": "2026-06-18T02:00:00+08:00", "duration": "PT4H" }, "reason": "new switches", "drain": true }
            ]
          },
          "RetirementRequest": {
            "type": "object", "additionalProperties": false, "required": ["deadline", "reason"],
            "properties": {
              "deadline": { "$ref": "#/components/schemas/Instant" },
              "reason": { "$ref": "#/components/schemas/Reason" },
              "drain": { "$ref": "#/components/schemas/Drain" }
            },
            "examples": [{ "deadline": "2026-09-30T00:00:00+08:00", "reason": "the lease of the room ends" }]
          },
          "Reason": { "type": "string", "minLength": 1, "maxLength": 256, "description": "Why, for other operators." },
          "Drain": {
            "type": "boolean",
            "description": "Whether what has not begun there is moved to other hosts where it fits. False if absent."
          },
          "ServingState": {
            "type": "string",
            "enum": ["open", "cordoned", "draining", "drained", "maintenance", "retiring", "retired", "lost"]
          },
          "Closure": {
            "type": "object", "required": ["id", "kind", "drain", "reason", "createdAt"],
            "properties": {
              "id": { "type": "string" },
              "kind": { "type": "string", "enum": ["cordon", "maintenance", "retirement", "loss"] },
              "site": { "type": "string", "description": "Where the whole site is closed." },
              "host": { "type": "string", "description": "Where one host is." },
              "start": { "$ref": "#/components/schemas/Instant" }, "end": { "$ref": "#/components/schemas/Instant" },
              "drain": { "type": "boolean" }, "reason": { "type": "string" },
              "createdAt": { "$ref": "#/components/schemas/Instant" },
              "liftedAt": { "$ref": "#/components/schemas/Instant" },
              "impact": { "$ref": "#/components/schemas/Impact" },
              "loss": { "$ref": "#/components/schemas/Loss" }
            }
          },
          "Loss": {
            "type": "object", "required": ["lost", "covered", "unstopped", "items", "more"],
            "description": "What orders lost with a site that was declared lost.",
            "properties": {
              "lost": { "type": "integer", "description": "Instances that have failed with the site." },
              "covered": { "type": "integer", "description": "Those of them that a spare stands in for." },
              "unstopped": {
                "type": "integer",
                "description": "Instances that may run there still; while there are any the loss cannot be lifted."
              },
              "items": {
                "type": "array", "maxItems": 1000,
                "items": {
                  "type": "object", "required": ["orderId", "tenant", "lost", "covered"],
                  "properties": {
                    "orderId": { "type": "string" }, "tenant": { "type": "string" },
                    "lost": { "type": "integer" }, "covered": { "type": "integer" }
                  }
                }
              },
              "more": { "type": "boolean", "description": "Whether there are more than `items`." }
            }
          },
          "Impact": {
            "type": "object", "required": ["running", "future", "items", "more"],
            "properties": {
              "running": { "type": "integer", "description": "Instances whose time on a closed host has begun." },
              "future": { "type": "integer", "description": "Instances whose time has not." },
              "items": {
                "type": "array", "maxItems": 1000,
                "items": {
                  "type": "object", "required": ["tenant", "site", "host", "window", "count", "state"],
                  "properties": {
                    "orderId": { "type": "string" }, "reservationId": { "type": "string" },
                    "tenant": { "type": "string" }, "site": { "type": "string" }, "host": { "type": "string" },
                    "window": { "$ref": "#/components/schemas/WindowView" },
                    "count": { "type": "integer" },
                    "state": { "type": "string", "enum": ["running", "future"] }
                  }
                }
              },
              "more": { "type": "boolean", "description": "Whether there are more than `items`." }
            }
          },
          "ClosurePage": {
            "type": "object", "required": ["items"],
            "properties": {
              "items": { "type": "array", "items": { "$ref": "#/components/schemas/Closure" } },
              "next": { "type": "string" }
            }
          }
        }
        """#
}
