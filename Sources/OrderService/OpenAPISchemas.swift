/// The schemas of the contract, as JSON Schema 2020-12. A test holds every view against them.
enum OpenAPISchemas {
    /// What is asked: the body of quotes and orders, and of changes.
    static let orders = #"""
        {
          "Order": {
            "type": "object", "additionalProperties": false, "required": ["spec", "window"],
            "oneOf": [{ "required": ["count"] }, { "required": ["demand"] }],
            "properties": {
              "name": { "type": "string", "maxLength": 128 },
              "quoteId": { "type": "string", "maxLength": 64, "description": "Orders at a quote's or an offer's price." },
              "reservationId": {
                "type": "string", "maxLength": 64,
                "description": "Draws on this reservation, at the same amounts per instance and within its window; not with a quote."
              },
              "spec": { "$ref": "#/components/schemas/Spec" },
              "count": { "type": "integer", "minimum": 1, "maximum": 1000000 },
              "demand": {
                "type": "object", "additionalProperties": false, "required": ["vcpu"],
                "properties": { "vcpu": { "type": "number", "minimum": 0.01, "maximum": 100000000 } },
                "description": "Instead of a count: cores of all instances together, the last instance rounded up."
              },
              "alternatives": {
                "type": "array", "maxItems": 8,
                "description": "By rank: what to deliver instead, all of it, where nothing can be had of the order before.",
                "items": {
                  "type": "object", "additionalProperties": false, "required": ["spec"],
                  "properties": {
                    "spec": { "$ref": "#/components/schemas/Spec" },
                    "per": {
                      "type": "integer", "minimum": 1, "maximum": 1000,
                      "description": "How many stand in for one of the count; not with a demand, which says so by itself."
                    }
                  }
                }
              },
              "scope": { "$ref": "#/components/schemas/Scope" },
              "window": { "$ref": "#/components/schemas/Window" },
              "slices": { "type": "array", "maxItems": 0, "description": "Recurring windows; not served yet." },
              "spread": { "type": "array", "maxItems": 16, "items": { "$ref": "#/components/schemas/SpreadRule" } },
              "prefer": { "$ref": "#/components/schemas/Preference" },
              "affinity": {
                "type": "array", "maxItems": 8, "items": { "$ref": "#/components/schemas/Affinity" },
                "description": "Only where these orders of the tenant have instances."
              },
              "antiAffinity": {
                "type": "array", "maxItems": 8, "items": { "$ref": "#/components/schemas/Affinity" },
                "description": "Only where these have none; a hard one also keeps them out of where this order is."
              },
              "survive": {
                "description": "All of the count is left, or delivered from the spare, whichever one site is lost: the smallest spare that does so is held beside the instances, free of charge until it stands in for one. With allOrNothing only; not from a reservation.",
                "$ref": "#/components/schemas/Survival"
              },
              "fulfilment": { "$ref": "#/components/schemas/Fulfilment" },
              "release": {
                "type": "object", "additionalProperties": false,
                "properties": { "grace": { "$ref": "#/components/schemas/Duration" } }
              },
              "delivery": {
                "type": "object", "additionalProperties": false,
                "properties": { "lead": { "$ref": "#/components/schemas/Duration" } }
              }
            },
            "examples": [
              {
                "name": "618-probe",
                "spec": {
                  "kind": "container", "vcpu": 1, "memoryMiB": 2048, "image": "muster.local/probe:1",
                  "command": ["/bin/sleep", "86400"]
                },
                "count": 1000,
                "scope": { "include": [{ "province": "44", "carrier": "telecom" }], "exclude": [], "capabilities": [] },
                "window": { "start": "2026-06-17T20:00:00+08:00", "duration": "PT4H" },
                "slices": [],
                "spread": [
                  { "level": "site", "maxPerGroup": 8, "whenUnsatisfiable": "reject" },
                  { "level": "province", "minGroups": 20, "maxShare": 0.15, "whenUnsatisfiable": "relax" }
                ],
                "fulfilment": { "policy": "atLeast", "minCount": 950, "deadline": "PT10M", "topUp": true },
                "release": { "grace": "PT60S" }
              },
              {
                "spec": {
                  "vcpu": 4, "memoryMiB": 16384, "image": "muster.local/infer:1", "gpu": { "model": "G2", "count": 0.5 }
                },
                "count": 20, "window": { "duration": "PT8H" }
              },
              {
                "spec": { "vcpu": 32, "memoryMiB": 98304, "image": "muster.local/probe:1" },
                "demand": { "vcpu": 5000 },
                "alternatives": [{ "spec": { "vcpu": 16, "memoryMiB": 49152, "image": "muster.local/probe:1" } }],
                "window": { "duration": "PT4H" },
                "spread": [{ "level": "host", "maxPerGroup": 2 }, { "level": "province", "maxSkew": 3 }],
                "prefer": { "price": 0.6, "latency": 0.3, "spread": 0.1, "nearProvince": "44" }
              },
              {
                "spec": { "vcpu": 1, "memoryMiB": 2048, "image": "muster.local/probe:1" }, "count": 200,
                "window": { "duration": "PT4H" }, "survive": { "sites": 1 }
              }
            ]
          },
          "Spec": {
            "type": "object", "additionalProperties": false, "required": ["vcpu", "memoryMiB", "image"],
            "properties": {
              "kind": { "type": "string", "enum": ["container", "rich", "vm"], "description": "Only `container` is served yet." },
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
              },
              "image": { "type": "string", "maxLength": 512 },
              "command": { "type": "array", "maxItems": 256, "items": { "type": "string" } },
              "environment": { "type": "object", "additionalProperties": { "type": "string" } }
            }
          },
          "Scope": {
            "type": "object", "additionalProperties": false,
            "properties": {
              "include": { "type": "array", "maxItems": 256, "items": { "$ref": "#/components/schemas/Selector" } },
              "exclude": { "type": "array", "maxItems": 256, "items": { "$ref": "#/components/schemas/Selector" } },
              "capabilities": { "type": "array", "maxItems": 64, "items": { "type": "string" } }
            }
          },
          "Selector": {
            "type": "object", "additionalProperties": false,
            "properties": {
              "area": {
                "type": "string",
                "enum": ["north", "northeast", "east", "central", "south", "southwest", "northwest", "hmt"]
              },
              "province": { "type": "string", "description": "Two digits of GB/T 2260." },
              "city": { "type": "string", "description": "Four digits of GB/T 2260." },
              "carrier": { "type": "string", "enum": ["telecom", "unicom", "mobile", "other"] },
              "site": { "type": "string" },
              "labels": { "type": "object", "additionalProperties": { "type": "string" } }
            }
          },
          "Window": {
            "type": "object", "additionalProperties": false,
            "properties": {
              "start": { "$ref": "#/components/schemas/Instant" },
              "duration": { "$ref": "#/components/schemas/Duration" },
              "end": { "$ref": "#/components/schemas/Instant" }
            },
            "description": "Half-open. Without a start: from now. Give `duration` or `end`."
          },
          "SpreadRule": {
            "type": "object", "additionalProperties": false, "required": ["level"],
            "properties": {
              "level": { "type": "string", "enum": ["host", "site", "city", "province", "area", "carrier"] },
              "maxPerGroup": { "type": "integer", "minimum": 1, "maximum": 1000000 },
              "maxShare": { "type": "number", "exclusiveMinimum": 0, "maximum": 1 },
              "minGroups": { "type": "integer", "minimum": 1, "maximum": 100000 },
              "maxSkew": {
                "type": "integer", "minimum": 1, "maximum": 1000000,
                "description": "The most by which the fullest group exceeds the emptiest, of those that have an instance. Groups are left empty only where else not all would fit; `minGroups` says how many must be used."
              },
              "whenUnsatisfiable": { "type": "string", "enum": ["reject", "relax"] }
            }
          },
          "Affinity": {
            "type": "object", "additionalProperties": false, "required": ["order", "level"],
            "properties": {
              "order": { "type": "string", "examples": ["ord-12"] },
              "level": { "type": "string", "enum": ["host", "site", "city", "province", "area", "carrier"] },
              "whenUnsatisfiable": { "type": "string", "enum": ["reject", "relax"] }
            }
          },
          "Survival": {
            "type": "object", "additionalProperties": false, "required": ["sites"],
            "properties": {
              "sites": { "type": "integer", "minimum": 1, "maximum": 1, "description": "How many sites may be lost at a time." }
            }
          },
          "Preference": {
            "type": "object", "additionalProperties": false,
            "description": "Weights for where rules leave a choice; each counts by its share of all. Never costs an instance.",
            "properties": {
              "price": { "type": "number", "minimum": 0, "maximum": 1, "description": "For cheaper areas." },
              "latency": { "type": "number", "minimum": 0, "maximum": 1, "description": "For sites near `nearProvince`." },
              "spread": {
                "type": "number", "minimum": 0, "maximum": 1,
                "description": "For many sites: at a share of 0.9 a site gets a tenth of the order before others have had as much."
              },
              "nearProvince": { "type": "string", "description": "The users' province; needed for `latency`.", "examples": ["44"] }
            }
          },
          "Fulfilment": {
            "type": "object", "additionalProperties": false,
            "properties": {
              "policy": { "type": "string", "enum": ["allOrNothing", "atLeast", "bestEffort"] },
              "minCount": { "type": "integer", "minimum": 1, "maximum": 1000000 },
              "deadline": { "$ref": "#/components/schemas/Duration" },
              "topUp": { "type": "boolean", "description": "Whether what is missing waits for capacity to come free, until the deadline. Who waits longer is served first, and before any newcomer. With bestEffort an order may begin with none. At most 4096 orders wait: one more that would have to is refused as insufficient-capacity, with the code waiting-list-full at this field." }
            }
          },
          "NewEnd": {
            "type": "object", "additionalProperties": false, "description": "One of the two.",
            "properties": {
              "end": { "$ref": "#/components/schemas/Instant" },
              "duration": { "$ref": "#/components/schemas/Duration" }
            },
            "examples": [{ "end": "2026-06-18T02:00:00+08:00" }, { "duration": "PT6H" }]
          },
          "NewCount": {
            "type": "object", "additionalProperties": false, "required": ["count"],
            "properties": { "count": { "type": "integer", "minimum": 1, "maximum": 1000000 } },
            "examples": [{ "count": 1200 }]
          },
          "NoFields": { "type": "object", "additionalProperties": false, "examples": [{}] },
          "Text": { "type": "string" },
          "AnyObject": { "type": "object" },
          "Instant": { "type": "string", "format": "date-time", "examples": ["2026-06-17T20:00:00+08:00"] },
          "Duration": { "type": "string", "format": "duration", "examples": ["PT4H"] },
          "PageSize": { "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 },
          "Sequence": { "type": "integer", "minimum": 0 },
          "Wait": { "type": "integer", "minimum": 0, "maximum": 30, "default": 0 }
        }
        """#
}
