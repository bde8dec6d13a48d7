/// What `/openapi.json` says of an endpoint besides its path and method.
struct EndpointDescription: Sendable {
    struct Parameter: Sendable {
        enum Place: String, Sendable {
            case query, header
        }

        let name: String
        let place: Place
        let schema: String
        let description: String
    }

    struct Answer: Sendable {
        let status: Int
        let description: String
        /// Media types with the name of a schema; none where the answer has no body.
        let content: [(type: String, schema: String)]
    }

    let id: String
    let summary: String
    let parameters: [Parameter]
    /// The media type and the schema's name.
    let body: (type: String, schema: String, required: Bool)?
    let answers: [Answer]
    /// The statuses of the problems that are this call's own; those every call may answer are added.
    let problems: [Int]

    init(
        _ id: String,
        _ summary: String,
        parameters: [Parameter] = [],
        body: (type: String, schema: String, required: Bool)? = nil,
        answers: [Answer],
        problems: [Int] = []
    ) {
        self.id = id
        self.summary = summary
        self.parameters = parameters
        self.body = body
        self.answers = answers
        self.problems = problems
    }
}

extension EndpointDescription.Answer {
    static func json(_ schema: String, _ description: String, status: Int = 200) -> Self {
        Self(status: status, description: description, content: [("application/json", schema)])
    }

    static func text(_ description: String, type: String = "text/plain") -> Self {
        Self(status: 200, description: description, content: [(type, "Text")])
    }
}

extension EndpointDescription.Parameter {
    static let cursor = Self(name: "cursor", place: .query, schema: "Text", description: "The `next` of the last page.")
    static let pageSize = Self(
        name: "pageSize", place: .query, schema: "PageSize", description: "1 to 1000; 100 if absent.")
    static let explain = Self(
        name: "explain", place: .query, schema: "Flag",
        description: "Whether the quote says why its plan is as it is. A refusal always says why.")
    static let ifMatch = Self(
        name: "If-Match", place: .header, schema: "Text",
        description: "The order's ETag: the change is made only if nobody changed the order since."
    )
    static let idempotencyKey = Self(
        name: "Idempotency-Key", place: .header, schema: "Text",
        description:
            "1 to 255 printable ASCII characters. The same key with the same body makes one order or "
            + "reservation: sent again, it is answered 200 with that as it stands now. With another body it is refused."
    )
    static let lastEventID = Self(
        name: "Last-Event-ID", place: .header, schema: "Sequence",
        description: "The id of the last event seen; the stream goes on after it."
    )
}
