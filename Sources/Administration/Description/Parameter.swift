import JSON

/// A parameter of an operation: OpenAPI 3.1 §4.8.12. Immutable.
struct Parameter: Sendable {
    let json: JSONValue

    private init(_ place: String, _ name: String, _ schema: Schema, _ text: String, isRequired: Bool) {
        json = .object([
            ("name", .string(name)), ("in", .string(place)), ("description", .string(text)),
            ("required", .bool(isRequired)), ("schema", schema.json),
        ])
    }

    private init(_ json: JSONValue) { self.json = json }

    static func query(_ name: String, _ schema: Schema, _ text: String, isRequired: Bool = false) -> Parameter {
        Parameter("query", name, schema, text, isRequired: isRequired)
    }

    static func field(_ name: String, _ schema: Schema, _ text: String) -> Parameter {
        Parameter("header", name, schema, text, isRequired: false)
    }

    /// The parameter of a path's segment. Traps on one that has no meaning here: a bug of the part that names it.
    static func path(_ name: String) -> Parameter {
        guard let meaning = segments.first(where: { $0.name == name }) else {
            preconditionFailure("no meaning of {\(name)}")
        }
        return Parameter("path", name, meaning.schema, meaning.text, isRequired: true)
    }

    private static let segments: [(name: String, schema: Schema, text: String)] = [
        ("team", .identifier, "The `id` of a team."), ("key", .identifier, "The `id` of a key."),
        ("grant", .numeral, "The `id` of a grant."), ("reservation", .numeral, "The `id` of a row of the ledger."),
        ("statement", .numeral, "The `id` of a statement."),
        ("id", .text, "The vendor's identifier of a saved classifier."),
    ]

    /// The parameters of a page, which every list takes.
    static let page = ["limit", "cursor"].map { name in
        Parameter(.object([("$ref", .string("#/components/parameters/\(name)"))]))
    }

    /// What `page` refers to.
    static let components: [(name: String, value: JSONValue)] = [
        ("limit", query("limit", Schema.integer(1...1_000).standard(100), "The most items of a page.").json),
        (
            "cursor",
            query("cursor", .words, "The `next_cursor` of the page before; absent for the first page.").json
        ),
    ]

    /// The two ends of a period.
    static func period(_ text: String) -> [Parameter] {
        [
            query("from", .dayOrMoment, "The first day, or a moment in RFC 3339. \(text)"),
            query("to", .dayOrMoment, "The last day, or a moment in RFC 3339, which does not belong to the period."),
        ]
    }
}
