extension OpenAPISchemas {
    /// The fleet, keys, and pages of everything.
    static let fleet = #"""
        {
          "Site": {
            "type": "object",
            "required": ["name", "province", "city", "carrier", "origin", "capabilities", "labels", "hosts", "vcpuOversell", "systemShare", "state", "closures"],
            "properties": {
              "name": { "type": "string" }, "province": { "type": "string" }, "city": { "type": "string" },
              "carrier": { "type": "string", "enum": ["telecom", "unicom", "mobile", "other"] },
              "origin": { "type": "string" },
              "capabilities": { "type": "array", "items": { "type": "string" } },
              "labels": { "type": "object", "additionalProperties": { "type": "string" } },
              "hosts": { "type": "integer" },
              "agent": { "type": "string" }, "agentSeenAt": { "$ref": "#/components/schemas/Instant" },
              "vcpuOversell": { "type": "number", "description": "How often its vCPU is sold; 1 is once. Nothing else is sold twice." },
              "systemShare": { "$ref": "#/components/schemas/Amounts" },
              "state": { "$ref": "#/components/schemas/ServingState" },
              "closures": { "type": "array", "items": { "$ref": "#/components/schemas/Closure" } }
            }
          },
          "Host": {
            "type": "object", "required": ["name", "site", "capacity", "systemShare", "allocatable", "reserved", "state", "closures"],
            "properties": {
              "name": { "type": "string" }, "site": { "type": "string" }, "gpuModel": { "type": "string" },
              "capacity": { "$ref": "#/components/schemas/Amounts" },
              "systemShare": { "$ref": "#/components/schemas/Amounts" },
              "allocatable": { "$ref": "#/components/schemas/Amounts" },
              "reserved": { "$ref": "#/components/schemas/Amounts" },
              "gpuReserved": {
                "type": "array", "items": { "type": "number" },
                "description": "By index, what is reserved of each GPU: 0, 1 or the shares between."
              },
              "state": { "$ref": "#/components/schemas/ServingState" },
              "closures": { "type": "array", "items": { "$ref": "#/components/schemas/Closure" } }
            }
          },
          "Amounts": {
            "type": "object", "required": ["vcpu", "memoryMiB", "diskGiB", "bandwidthMbps", "gpuCount"],
            "properties": {
              "vcpu": { "type": "number" }, "memoryMiB": { "type": "integer" }, "diskGiB": { "type": "integer" },
              "bandwidthMbps": { "type": "integer" }, "gpuCount": { "type": "number" }
            }
          },
          "SiteTerms": {
            "type": "object", "additionalProperties": false,
            "properties": {
              "vcpuOversell": {
                "type": "number", "minimum": 0.1, "maximum": 16, "description": "In steps of a thousandth. Unchanged if absent."
              },
              "systemShare": { "$ref": "#/components/schemas/SystemShare" }
            },
            "examples": [{ "vcpuOversell": 1.5, "systemShare": { "vcpu": 2, "memoryMiB": 4096 } }]
          },
          "HostTerms": {
            "type": "object", "additionalProperties": false, "required": ["systemShare"],
            "properties": { "systemShare": { "$ref": "#/components/schemas/SystemShare" } },
            "examples": [{ "systemShare": { "vcpu": 4 } }, { "systemShare": {} }]
          },
          "SystemShare": {
            "type": "object", "additionalProperties": false,
            "description": "Kept from reservations on each host. What is absent is 0 of a site, and the site's of a host.",
            "properties": {
              "vcpu": { "type": "number", "minimum": 0, "maximum": 1024 },
              "memoryMiB": { "type": "integer", "minimum": 0, "maximum": 16777216 },
              "diskGiB": { "type": "integer", "minimum": 0, "maximum": 1048576 },
              "bandwidthMbps": { "type": "integer", "minimum": 0, "maximum": 1000000 }
            }
          },
          "FleetImported": {
            "type": "object", "required": ["sites", "hosts", "inventoryVersion"],
            "properties": {
              "sites": { "type": "integer" }, "hosts": { "type": "integer" }, "inventoryVersion": { "type": "integer" }
            }
          },
          "RepackRequest": {
            "type": "object", "additionalProperties": false,
            "properties": {
              "apply": { "type": "boolean", "default": false, "description": "Make the moves, not only propose them." },
              "moves": { "type": "integer", "minimum": 1, "maximum": 2000, "default": 500 },
              "running": {
                "type": "boolean", "default": false,
                "description": "Whether orders that run on for more than ten minutes move too: replacement first, and only of orders all of whose instances are ready."
              },
              "proposal": {
                "type": "integer", "minimum": 1,
                "description": "The stored proposal to make, with `apply` and without `moves`. Refused unless it is the newest, and the fleet that which it was made for."
              }
            },
            "examples": [{ "apply": false, "moves": 20 }, { "apply": true, "proposal": 7 }]
          },
          "Repacking": {
            "type": "object", "required": ["applied", "moves", "largeSlotHours", "hostsEmptied"],
            "properties": {
              "applied": { "type": "boolean" },
              "moves": {
                "type": "array",
                "description": "In the order in which they are made: after each of them everything fits.",
                "items": {
                  "type": "object",
                  "required": ["of", "count", "site", "from", "to", "start", "end", "vcpu", "memoryMiB", "running", "made"],
                  "properties": {
                    "of": { "type": "string", "description": "An order, or a reservation of capacity." },
                    "count": { "type": "integer" }, "site": { "type": "string" }, "from": { "type": "string" },
                    "to": { "type": "string" }, "start": { "$ref": "#/components/schemas/Instant" },
                    "end": { "$ref": "#/components/schemas/Instant" }, "vcpu": { "type": "number" },
                    "memoryMiB": { "type": "integer" },
                    "running": { "type": "boolean", "description": "Then `made` says that its replacements are on their way." },
                    "made": { "type": "boolean" }
                  }
                }
              },
              "largeSlotHours": {
                "type": "number",
                "description": "Hours in which one more instance of 32 vCPU and 96 GiB has room, over all hosts."
              },
              "hostsEmptied": { "type": "integer" },
              "stopped": { "type": "string", "description": "Why the later moves were not made." },
              "proposal": { "type": "integer", "description": "Its number, of one that is stored." },
              "proposedAt": { "$ref": "#/components/schemas/Instant" },
              "inventoryVersion": { "type": "integer", "description": "The version of the fleet that it was made for." }
            }
          },
          "KeyRequest": {
            "type": "object", "additionalProperties": false, "required": ["role"],
            "properties": {
              "role": { "type": "string", "enum": ["tenant", "operator", "agent"] },
              "tenant": { "type": "string", "maxLength": 64, "description": "For a tenant's key only; made when new." }
            },
            "examples": [{ "role": "tenant", "tenant": "load-test" }]
          },
          "KeyCreated": {
            "type": "object", "required": ["key", "role"],
            "properties": {
              "key": { "type": "string" }, "role": { "type": "string" }, "tenant": { "type": "string" }
            }
          },
          "OrderPage": {
            "type": "object", "required": ["items"],
            "properties": {
              "items": { "type": "array", "items": { "$ref": "#/components/schemas/OrderView" } },
              "next": { "type": "string", "description": "The cursor of the next page; absent on the last." }
            }
          },
          "InstancePage": {
            "type": "object", "required": ["items"],
            "properties": {
              "items": { "type": "array", "items": { "$ref": "#/components/schemas/Instance" } },
              "next": { "type": "string" }
            }
          },
          "SitePage": {
            "type": "object", "required": ["items"],
            "properties": {
              "items": { "type": "array", "items": { "$ref": "#/components/schemas/Site" } },
              "next": { "type": "string" }
            }
          },
          "HostPage": {
            "type": "object", "required": ["items"],
            "properties": {
              "items": { "type": "array", "items": { "$ref": "#/components/schemas/Host" } },
              "next": { "type": "string" }
            }
          }
        }
        """#

    /// What agents and centre say to each other.
    static let agents = #"""
        {
          "Join": {
            "type": "object", "required": ["agent", "sites", "engine"],
            "properties": {
              "agent": { "type": "string" },
              "sites": { "type": "array", "items": { "type": "string" }, "description": "Names; empty means all." },
              "engine": { "type": "string" }
            },
            "examples": [{ "agent": "room-1", "sites": ["1101-telecom-1"], "engine": "cri" }]
          },
          "Joined": {
            "type": "object", "required": ["sites", "now"],
            "properties": {
              "sites": {
                "type": "array",
                "items": {
                  "type": "object", "required": ["name", "reportSequence"],
                  "properties": {
                    "name": { "type": "string" }, "reportSequence": { "$ref": "#/components/schemas/Sequence" }
                  }
                }
              },
              "now": { "$ref": "#/components/schemas/Instant" }
            }
          },
          "Inventory": {
            "type": "object", "required": ["instances"],
            "properties": { "instances": { "type": "array", "items": { "type": "string" } } },
            "examples": [{ "instances": ["i-345"] }]
          },
          "Assignments": {
            "type": "object", "required": ["assignments", "now", "more"],
            "properties": {
              "assignments": { "type": "array", "items": { "$ref": "#/components/schemas/Assignment" } },
              "now": { "$ref": "#/components/schemas/Instant" },
              "more": { "type": "boolean" }
            }
          },
          "Assignment": {
            "type": "object",
            "required": [
              "sequence", "instance", "order", "host", "epoch", "desire", "startAt", "endAt", "graceSeconds", "image",
              "command", "environment", "vcpuMilli", "memoryMiB"
            ],
            "properties": {
              "sequence": { "$ref": "#/components/schemas/Sequence" },
              "instance": { "type": "string" }, "order": { "type": "string" }, "host": { "type": "string" },
              "epoch": { "type": "integer" }, "desire": { "type": "string", "enum": ["run", "stop"] },
              "startAt": { "$ref": "#/components/schemas/Instant" },
              "endAt": { "$ref": "#/components/schemas/Instant" },
              "graceSeconds": { "type": "integer" }, "image": { "type": "string" },
              "command": { "type": "array", "items": { "type": "string" } },
              "environment": { "type": "object", "additionalProperties": { "type": "string" } },
              "vcpuMilli": { "type": "integer" }, "memoryMiB": { "type": "integer" },
              "gpus": {
                "type": "object", "required": ["model", "devices"],
                "description": "The GPUs of the host that the instance is on; absent where its spec has none.",
                "properties": {
                  "model": { "type": "string" },
                  "devices": { "type": "array", "items": { "type": "integer" }, "description": "By index." },
                  "shareMilli": { "type": "integer", "description": "The share of the one device, in thousandths." }
                }
              }
            }
          },
          "Report": {
            "type": "object", "required": ["sequence", "observations"],
            "properties": {
              "sequence": { "type": "integer", "minimum": 1 },
              "observations": {
                "type": "array", "maxItems": 1000,
                "items": {
                  "type": "object", "required": ["instance", "epoch", "state", "at"],
                  "properties": {
                    "instance": { "type": "string" }, "epoch": { "type": "integer" },
                    "state": { "type": "string", "enum": ["starting", "ready", "stopped", "failed"] },
                    "at": { "$ref": "#/components/schemas/Instant" },
                    "address": { "type": "string" }, "message": { "type": "string" },
                    "code": {
                      "type": "string",
                      "description": "What is wrong for certain, such as `image-not-found`; others are any failure."
                    }
                  }
                }
              }
            },
            "examples": [
              {
                "sequence": 7,
                "observations": [
                  { "instance": "i-345", "epoch": 1, "state": "ready", "at": "2026-06-17T12:00:01Z", "address": "10.88.0.7" }
                ]
              }
            ]
          },
          "Reported": {
            "type": "object", "required": ["sequence", "now"],
            "properties": {
              "sequence": { "$ref": "#/components/schemas/Sequence" }, "now": { "$ref": "#/components/schemas/Instant" }
            }
          }
        }
        """#
}
