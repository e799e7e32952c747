import HTTPMessages
import JSON

/// What the description says of one method on one path: OpenAPI 3.1 §4.8.10. Immutable.
struct Operation: Sendable {
    /// Where it is served.
    enum Side: Sendable { case admin, client, both }

    /// Content that is sent.
    struct Body: Sendable {
        let schema: Schema
        /// False when an empty body means an object without members.
        let isRequired: Bool
        let example: JSONValue?

        init(_ schema: Schema, isRequired: Bool = true, example: String? = nil) {
            self.schema = schema
            self.isRequired = isRequired
            self.example = example.map { Operation.parsed($0) }
        }
    }

    let method: HTTPMethod
    /// As in `AdminRoute.pattern`.
    let path: String
    /// Unique, for generated clients.
    let id: String
    let summary: String
    /// CommonMark; empty where the summary says all.
    let text: String
    /// The lowest role that may call it; nil where no admin token is asked for.
    let role: AdminRole?
    let side: Side
    /// Beside those of the path.
    let parameters: [Parameter]
    let body: Body?
    /// What it answers, beside `commonErrors`.
    let replies: [Reply]

    init(
        _ method: HTTPMethod,
        _ path: String,
        _ id: String,
        _ summary: String,
        _ text: String = "",
        role: AdminRole?,
        side: Side = .admin,
        parameters: [Parameter] = [],
        body: Body? = nil,
        replies: [Reply]
    ) {
        self.method = method
        self.path = path
        self.id = id
        self.summary = summary
        self.text = text
        self.role = role
        self.side = side
        self.parameters = parameters
        self.body = body
        self.replies = replies
    }

    /// Traps on what is no JSON: a bug of the part that has it.
    static func parsed(_ example: String) -> JSONValue {
        do throws(JSONFault) { return try JSONValue.parse(Array(example.utf8).span) } catch {
            preconditionFailure("an example is no JSON: \(error): \(example)")
        }
    }

    /// The names of the parameters in the path.
    var pathParameters: [String] {
        path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
    }

    /// The errors that every operation of its kind can answer.
    private var commonErrors: [Reply] {
        var names = ErrorReplies.ofAll
        if side != .client { names.append(.misdirected) }
        if role != nil { names += [.unauthorized, .unprocessable] }
        // A viewer's token suffices for a GET; a change is refused to the page of another site, too.
        if let role, role > .viewer || method != .get { names.append(.forbidden) }
        if side == .admin, !pathParameters.isEmpty { names.append(.notFound) }
        return names.map { .error($0) }
    }

    /// Those of its own come before the common ones of the same status.
    private var allReplies: [(name: String, value: JSONValue)] {
        var seen: Set<Int> = []
        return (replies + commonErrors).filter { seen.insert($0.status).inserted }.sorted { $0.status < $1.status }
            .map { (String($0.status), $0.json) }
    }

    /// - Parameters:
    ///   - tag: the name of its part.
    ///   - clientURL: where clients connect.
    func json(tag: String, clientURL: String) -> JSONValue {
        var members: [(name: String, value: JSONValue)] = [
            ("tags", .array([.string(tag)])), ("operationId", .string(id)), ("summary", .string(summary)),
        ]
        let text = [self.text, role.map { "Role: \($0.name)." } ?? ""].filter { !$0.isEmpty }
        if !text.isEmpty { members.append(("description", .string(text.joined(separator: "\n\n")))) }
        let parameters = pathParameters.map(Parameter.path) + self.parameters
        if !parameters.isEmpty { members.append(("parameters", .array(parameters.map(\.json)))) }
        if let body { members.append(("requestBody", Self.json(body))) }
        members.append(("responses", .object(allReplies)))
        members.append(("security", .array(security)))
        if let role { members.append(("x-role", .string(role.name))) }
        if let servers = servers(clientURL) { members.append(("servers", servers)) }
        return .object(members)
    }

    private static func json(_ body: Body) -> JSONValue {
        var media: [(name: String, value: JSONValue)] = [("schema", body.schema.json)]
        if let example = body.example { media.append(("example", example)) }
        return .object([
            ("required", .bool(body.isRequired)),
            ("content", .object([("application/json", .object(media))])),
        ])
    }

    /// OpenAPI 3.1 §4.8.30: an empty list says that none is needed.
    private var security: [JSONValue] {
        if role != nil { return [.object([("adminToken", .array([]))])] }
        return takesTeamKey ? [.object([("teamKey", .array([]))])] : []
    }

    private var takesTeamKey: Bool { side == .client }

    /// Nil for those of the document itself.
    private func servers(_ clientURL: String) -> JSONValue? {
        let client = JSONValue.object([
            ("url", .string(clientURL)), ("description", .string("The client side")),
        ])
        switch side {
        case .admin: return nil
        case .client: return .array([client])
        case .both: return .array([APIDescription.adminServer, client])
        }
    }
}
