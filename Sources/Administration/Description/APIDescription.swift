import HTTPMessages
import JSON

/// The OpenAPI 3.1 document of both sides: `docs/api.md` §6. Pure.
///
/// The routes say what is served; the parts say what each of them takes and answers. A test holds the two against each
/// other, so that no route is without a description.
struct APIDescription {
    let version: String
    /// Where clients connect.
    let clientURL: String

    /// The admin side, from which the document comes.
    static let adminServer = JSONValue.object([
        ("url", .string("/")), ("description", .string("The admin side")),
    ])

    var json: JSONValue {
        .object([
            ("openapi", .string("3.1.0")), ("info", info),
            ("jsonSchemaDialect", .string("https://json-schema.org/draft/2020-12/schema")),
            ("servers", .array([Self.adminServer])),
            (
                "tags",
                .array(
                    APIPart.all.map { .object([("name", .string($0.tag)), ("description", .string($0.text))]) }
                )
            ),
            ("paths", .object(paths)), ("components", Self.components),
        ])
    }

    private var info: JSONValue {
        .object([
            ("title", .string("Tollgate")), ("version", .string(version)),
            ("summary", .string("A caching reverse proxy before the DocumentPro API")),
            ("description", .string(Self.text)),
            ("license", .object([("name", .string("Apache License 2.0")), ("identifier", .string("Apache-2.0"))])),
        ])
    }

    /// The methods of one path are one object.
    private var paths: [(name: String, value: JSONValue)] {
        var paths: [(name: String, value: [(name: String, value: JSONValue)])] = []
        for part in APIPart.all {
            for operation in part.operations {
                let method = "\(operation.method.name)".lowercased()
                let member = (name: method, value: operation.json(tag: part.tag, clientURL: clientURL))
                if let index = paths.firstIndex(where: { $0.name == operation.path }) {
                    paths[index].value.append(member)
                } else {
                    paths.append((operation.path, [member]))
                }
            }
        }
        return paths.map { ($0.name, .object($0.value)) }
    }

    private static let components = JSONValue.object([
        ("schemas", .object(APIPart.all.flatMap { $0.schemas.map { ($0.name, $0.schema.json) } })),
        ("responses", .object(ErrorReplies.allCases.map { ($0.rawValue, $0.json) })),
        ("parameters", .object(Parameter.components)), ("headers", .object(FieldDescription.components)),
        (
            "securitySchemes",
            .object([
                (
                    "adminToken",
                    .object([
                        ("type", .string("http")), ("scheme", .string("bearer")),
                        (
                            "description",
                            .string(
                                "One of `admin.tokens`. Each role includes those before it: "
                                    + AdminRole.allCases.map(\.name).joined(separator: ", ") + "."
                            )
                        ),
                    ])
                ),
                (
                    "teamKey",
                    .object([
                        ("type", .string("apiKey")), ("in", .string("header")), ("name", .string("x-api-key")),
                        ("description", .string("The key of a team.")),
                    ])
                ),
            ])
        ),
    ])

    private static let text = """
        Both sides of the gateway: the admin side, and the client side with servers of its own.

        **Roles.** `x-role` is the lowest role that may call an operation of the admin side: `viewer` reads, `operator` \
        changes team keys, key states, cache, reservations and grants, `admin` does everything.

        **Values.** Credits are exact decimal numbers with at most six decimals, which a parser may have to read as \
        decimals rather than floats. Times are RFC 3339 in UTC. Days are those of `budgets.time_zone`.

        **Lists** take `limit` and `cursor` and answer `items` and `next_cursor`, which is null on the last page. A page \
        may hold fewer items than `limit`.

        **Requests.** An unknown member or parameter is a 422, as is a parameter that stands twice. GET answers HEAD too. \
        Replies may get further members.

        **Errors** have the vendor's shape, `{"success": false, "error": CODE, "message": TEXT}`.

        **Passing through.** Any other path of the client side under `passthrough.prefixes` goes to the vendor with \
        method, path, query and body as they are, and with the team's key replaced; the vendor's reply comes back as it \
        is. Such paths are the vendor's and are not listed here. They need `x-api-key`, are refused (402) when a budget \
        has nothing left, and are charged what `credits_used` of the reply says.
        """
}
