import JSON

/// What an operation can answer with one status: OpenAPI 3.1 §4.8.17. Immutable.
struct Reply: Sendable {
    let status: Int
    let json: JSONValue

    private init(_ status: Int, _ json: JSONValue) {
        self.status = status
        self.json = json
    }

    /// - Parameters:
    ///   - content: the schema of each media type.
    ///   - fields: names of `FieldDescription`, beside `x-request-id`.
    ///   - example: of JSON content.
    init(
        _ status: Int,
        _ text: String,
        content: [(type: String, schema: Schema)],
        fields: [FieldDescription] = [],
        example: String? = nil
    ) {
        var members: [(name: String, value: JSONValue)] = [
            ("description", .string(text)), ("headers", FieldDescription.references(fields)),
        ]
        if !content.isEmpty {
            let media = content.map { type, schema in
                var members: [(name: String, value: JSONValue)] = [("schema", schema.json)]
                if let example, type == "application/json" { members.append(("example", Operation.parsed(example))) }
                return (name: type, value: JSONValue.object(members))
            }
            members.append(("content", .object(media)))
        }
        self.init(status, .object(members))
    }

    static func ok(_ text: String, _ schema: Schema, example: String? = nil) -> Reply {
        Reply(200, text, content: [("application/json", schema)], example: example)
    }

    static func created(_ text: String, _ schema: Schema, example: String? = nil) -> Reply {
        Reply(201, text, content: [("application/json", schema)], fields: [.location], example: example)
    }

    static func noContent(_ text: String) -> Reply { Reply(204, text, content: []) }

    /// One of the errors that the components have.
    static func error(_ error: ErrorReplies) -> Reply {
        Reply(error.status, .object([("$ref", .string("#/components/responses/\(error.rawValue)"))]))
    }

    /// A 409 that says what it stands against.
    static func conflict(_ text: String) -> Reply { .error(409, text) }

    /// An error of this operation in the common shape.
    static func error(_ status: Int, _ text: String, fields: [FieldDescription] = []) -> Reply {
        Reply(status, text, content: [("application/json", .named("Error"))], fields: fields)
    }
}

/// The errors that many operations can answer: components of the document. `docs/api.md` §3.
enum ErrorReplies: String, CaseIterable {
    case badRequest = "BadRequest"
    case unauthorized = "Unauthorized"
    case forbidden = "Forbidden"
    case notFound = "NotFound"
    case timeout = "RequestTimeout"
    case tooLarge = "BodyTooLarge"
    case targetTooLong = "URITooLong"
    case expectation = "ExpectationFailed"
    case misdirected = "Misdirected"
    case unprocessable = "Unprocessable"
    case headTooLarge = "HeadersTooLarge"
    case coding = "NotImplemented"
    case unavailable = "Unavailable"
    case version = "HTTPVersionNotSupported"

    /// What any request of any operation can get, from the layer of HTTP.
    static let ofAll: [ErrorReplies] = [
        .badRequest, .timeout, .tooLarge, .targetTooLong, .expectation, .headTooLarge, .coding, .unavailable, .version,
    ]

    var status: Int {
        switch self {
        case .badRequest: 400
        case .unauthorized: 401
        case .forbidden: 403
        case .notFound: 404
        case .timeout: 408
        case .tooLarge: 413
        case .targetTooLong: 414
        case .expectation: 417
        case .misdirected: 421
        case .unprocessable: 422
        case .headTooLarge: 431
        case .coding: 501
        case .unavailable: 503
        case .version: 505
        }
    }

    private var text: String {
        switch self {
        case .badRequest: "`bad_request` or `invalid_json`: the HTTP, the path, the query or the JSON is malformed."
        case .unauthorized: "`unauthorized`: no valid admin token was sent."
        case .forbidden:
            "`forbidden`: the token's role does not suffice, or a page of another site sent it; the message says which."
        case .notFound: "`not_found`: there is no such path, or nothing of this name."
        case .timeout: "`request_timeout`: the request did not arrive in time."
        case .tooLarge: "`body_too_large`: the message names the limit."
        case .targetTooLong: "`uri_too_long`: the request target is longer than is read."
        case .expectation: "`bad_request`: an `Expect` other than `100-continue`."
        case .misdirected: "`misdirected_request`: `Host` names neither the listener nor one of `admin.hosts`."
        case .unprocessable: "`invalid_request`: the message names each parameter and member that is missing or wrong."
        case .headTooLarge: "`headers_too_large`: the header section is longer than is read."
        case .coding: "`bad_request`: a `Transfer-Encoding` other than `chunked`."
        case .unavailable: "`store_unavailable`, `overloaded` or `draining`: it passes by itself."
        case .version: "`bad_request`: an HTTP version other than 1.0 and 1.1."
        }
    }

    private var fields: [FieldDescription] {
        switch self {
        case .unauthorized: [.challenge]
        case .unavailable: [.retryAfter]
        default: []
        }
    }

    var json: JSONValue { Reply.error(status, text, fields: fields).json }
}
