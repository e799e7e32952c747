import JSON
import Vocabulary

/// One schema of the API's description: JSON Schema 2020-12, which OpenAPI 3.1 uses (§4.8.24). Immutable.
struct Schema: Sendable {
    /// A member of an object.
    struct Member: Sendable {
        let name: String
        let schema: Schema
        let isRequired: Bool

        init(_ name: String, _ schema: Schema, isRequired: Bool = true) {
            self.name = name
            self.schema = schema
            self.isRequired = isRequired
        }

        /// A member that may be absent.
        static func optional(_ name: String, _ schema: Schema) -> Member { Member(name, schema, isRequired: false) }
    }

    private let keywords: [(name: String, value: JSONValue)]

    private init(_ keywords: [(name: String, value: JSONValue)]) { self.keywords = keywords }

    private init(type: String, _ others: [(name: String, value: JSONValue)] = []) {
        keywords = [("type", .string(type))] + others
    }

    var json: JSONValue { .object(keywords) }

    /// The same schema with an explanation.
    func about(_ text: String) -> Schema { Schema(keywords + [("description", .string(text))]) }

    /// The same schema with the value that stands for an absent one.
    func standard(_ number: Int) -> Schema { Schema(keywords + [("default", .integer(number))]) }

    /// The same schema, or null.
    var orNull: Schema {
        guard case .string(let type)? = json["type"] else {
            return Schema([("anyOf", .array([json, Schema(type: "null").json]))])
        }
        return Schema(
            keywords.map { name, value in
                switch (name, value) {
                case ("type", _): ("type", .array([.string(type), .string("null")]))
                case ("enum", .array(let values)): ("enum", .array(values + [.null]))
                default: (name, value)
                }
            }
        )
    }
}

/// Values of one type.
extension Schema {
    /// Any JSON value.
    static let anything = Schema([])
    static let text = Schema(type: "string")
    /// A text that is not empty.
    static let words = Schema(type: "string", [("minLength", .integer(1))])
    static let flag = Schema(type: "boolean")
    static let count = Schema(type: "integer", [("minimum", .integer(0))])
    static let number = Schema(type: "number")

    /// - Parameter characters: the number of characters (Unicode scalars) that are allowed.
    static func text(_ characters: ClosedRange<Int>) -> Schema {
        Schema(
            type: "string",
            [("minLength", .integer(characters.lowerBound)), ("maxLength", .integer(characters.upperBound))]
        )
    }

    /// - Parameter pattern: a regular expression that the whole text matches, ECMA-262.
    static func text(like pattern: String) -> Schema { Schema(type: "string", [("pattern", .string("^\(pattern)$"))]) }

    static func text(format: String) -> Schema { Schema(type: "string", [("format", .string(format))]) }

    static func integer(_ range: ClosedRange<Int>) -> Schema {
        Schema(
            type: "integer",
            [("minimum", .integer(range.lowerBound)), ("maximum", .integer(range.upperBound))]
        )
    }

    /// A number above 0.
    static func positive(atMost maximum: Int) -> Schema {
        Schema(type: "number", [("exclusiveMinimum", .integer(0)), ("maximum", .integer(maximum))])
    }

    /// One of the names of a closed set.
    static func choice<Choice: RawRepresentable<String> & CaseIterable>(_: Choice.Type) -> Schema {
        choice(of: Choice.allCases.map(\.rawValue))
    }

    static func choice(of names: [String]) -> Schema {
        Schema(type: "string", [("enum", .array(names.map { .string($0) }))])
    }

    static let share = Schema(type: "number", [("minimum", .integer(0)), ("maximum", .integer(1))])
}

/// Values with a meaning of their own: `docs/api.md` §1 and §6.
extension Schema {
    /// `Identifier` of the room Forms.
    static let identifier = Schema(
        type: "string",
        [
            ("minLength", .integer(1)), ("maxLength", .integer(64)),
            ("pattern", .string(#"^(?!\.+$)[A-Za-z0-9._-]+$"#)),
        ]
    )
    static let time = text(format: "date-time")
    static let day = text(format: "date")
    /// A day or a moment.
    static let dayOrMoment = Schema(type: "string", [("anyOf", .array([day.json, time.json]))])
    static let uuid = text(format: "uuid")
    /// An identifier that is a number, which grows with the moment at which it was given.
    static let numeral = text(like: "[0-9]{1,19}")
    static let duration = text(like: "[0-9]{1,15}(ms|s|m|h|d)")
    /// A cache key.
    static let digest = text(like: "[0-9a-f]{64}")
    /// An amount that is answered: exact, in credits.
    static let credits = Schema(type: "number", [("minimum", .integer(0))])
    /// An amount that is sent: at most six decimals.
    static let givenCredits = Schema(
        type: "number",
        [("minimum", .integer(0)), ("maximum", .number(MicroCredits.maximum.description))]
    )
    static let milliseconds = credits
    static let categories = Schema(
        type: "array",
        [("items", named("Category").json), ("minItems", .integer(2))]
    )
}

/// Values made of others.
extension Schema {
    /// A schema of the components.
    static func named(_ name: String) -> Schema { Schema([("$ref", .string("#/components/schemas/\(name)"))]) }

    static func list(of element: Schema, atMost count: Int? = nil) -> Schema {
        Schema(type: "array", [("items", element.json)] + (count.map { [("maxItems", .integer($0))] } ?? []))
    }

    /// A list of a fixed length.
    static func list(of element: Schema, exactly count: Int) -> Schema {
        Schema(
            type: "array",
            [("items", element.json), ("minItems", .integer(count)), ("maxItems", .integer(count))]
        )
    }

    /// An object that may have further members: the API may grow, and a classify request is open.
    static func object(_ members: [Member]) -> Schema { object(members, []) }

    /// An object that is sent to the admin side, where an unknown member is a 422.
    static func form(_ members: [Member]) -> Schema { object(members, [("additionalProperties", .bool(false))]) }

    private static func object(_ members: [Member], _ others: [(name: String, value: JSONValue)]) -> Schema {
        let required = members.filter(\.isRequired).map { JSONValue.string($0.name) }
        return Schema(
            type: "object",
            [("properties", .object(members.map { ($0.name, $0.schema.json) }))]
                + (required.isEmpty ? [] : [("required", .array(required))]) + others
        )
    }

    /// An object whose members have names of their own and values of one kind.
    static func map(of value: Schema) -> Schema { Schema(type: "object", [("additionalProperties", value.json)]) }

    /// One page of a list.
    static func page(of item: Schema) -> Schema {
        object([
            Member("items", list(of: item)),
            Member("next_cursor", text.orNull.about("The `cursor` of the next page; null on the last one.")),
        ])
    }

    static func either(_ schemas: [Schema]) -> Schema { Schema([("anyOf", .array(schemas.map(\.json)))]) }

    /// One value only.
    static func exactly(_ text: String) -> Schema { Schema(type: "string", [("const", .string(text))]) }
}
