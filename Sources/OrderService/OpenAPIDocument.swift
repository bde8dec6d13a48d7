import CapacityAPI
import FoundationEssentials
import HTTPTypes

/// The description of the service in OpenAPI 3.1: paths from the table of endpoints, schemas as they are written beside.
struct OpenAPIDocument: Sendable {
    let root: JSONValue

    init(endpoints: [Endpoint]) throws {
        var schemas: [String: JSONValue] = [:]
        let parts = [
            OpenAPISchemas.orders, OpenAPISchemas.answers, OpenAPISchemas.refusals, OpenAPISchemas.reservations,
            OpenAPISchemas.fleet, OpenAPISchemas.closures, OpenAPISchemas.agents, OpenAPISchemas.quotas,
            OpenAPISchemas.headrooms,
        ]
        for text in parts {
            let part = try JSONDecoder().decode([String: JSONValue].self, from: Data(text.utf8))
            schemas.merge(part) { _, _ in preconditionFailure("a schema is described twice") }
        }
        var paths: [String: [String: JSONValue]] = [:]
        for endpoint in endpoints {
            paths[endpoint.path, default: [:]][endpoint.method.rawValue.lowercased()] = OpenAPIDocument.call(endpoint)
        }
        root = .object([
            "openapi": .string("3.1.0"),
            "info": .object([
                "title": .string("Muster"),
                "version": .string("1"),
                "description": .string("Orders compute capacity over many sites for a window of time."),
                "license": .object(["name": .string("Apache-2.0"), "identifier": .string("Apache-2.0")]),
            ]),
            "paths": .object(paths.mapValues { .object($0) }),
            "components": .object([
                "schemas": .object(schemas),
                "securitySchemes": .object([
                    "key": .object(["type": .string("http"), "scheme": .string("bearer")])
                ]),
            ]),
        ])
    }

    private static func call(_ endpoint: Endpoint) -> JSONValue {
        let description = endpoint.description
        var call: [String: JSONValue] = [
            "operationId": .string(description.id),
            "summary": .string(description.summary),
            "responses": .object(responses(endpoint)),
            "security": .array(endpoint.access == .everyone ? [] : [.object(["key": .array([])])]),
        ]
        let parameters = pathParameters(endpoint.path) + description.parameters.map(parameter)
        if !parameters.isEmpty { call["parameters"] = .array(parameters) }
        if let body = description.body {
            call["requestBody"] = .object([
                "required": .bool(body.required), "content": content([(body.type, body.schema)]),
            ])
        }
        return .object(call)
    }

    private static func responses(_ endpoint: Endpoint) -> [String: JSONValue] {
        var responses: [String: JSONValue] = [:]
        for answer in endpoint.description.answers {
            responses[String(answer.status)] = .object([
                "description": .string(answer.description), "content": content(answer.content),
            ])
        }
        let always = endpoint.access == .everyone ? [] : [401, 403, 429, 500, 503]
        for status in endpoint.description.problems + always {
            responses[String(status)] = .object([
                "description": .string(meaning(status)), "content": content([("application/problem+json", "Problem")]),
            ])
        }
        return responses
    }

    private static func meaning(_ status: Int) -> String {
        let kinds = Problem.Kind.allCases.filter { $0.status == status }.map { "`\($0.rawValue)`" }
        return "A problem of type " + kinds.joined(separator: ", ") + "."
    }

    private static func content(_ content: [(type: String, schema: String)]) -> JSONValue {
        .object(Dictionary(uniqueKeysWithValues: content.map { ($0.type, .object(["schema": reference($0.schema)])) }))
    }

    private static func reference(_ schema: String) -> JSONValue {
        .object(["$ref": .string("#/components/schemas/\(schema)")])
    }

    private static func pathParameters(_ path: String) -> [JSONValue] {
        path.split(separator: "{").dropFirst().compactMap { part in
            part.split(separator: "}").first.map { name in
                .object([
                    "name": .string(String(name)), "in": .string("path"), "required": .bool(true),
                    "schema": reference("Text"),
                ])
            }
        }
    }

    private static func parameter(_ parameter: EndpointDescription.Parameter) -> JSONValue {
        .object([
            "name": .string(parameter.name), "in": .string(parameter.place.rawValue), "required": .bool(false),
            "description": .string(parameter.description), "schema": reference(parameter.schema),
        ])
    }
}
