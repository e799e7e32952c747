import Foundation

/// A JSON value that tests write as literals and read by subscripts, which return null for what is absent.
///
/// Parsed by Foundation on purpose, to be independent of the gateway's own parser.
public enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(Decimal)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    public static func parse(_ bytes: some Sequence<UInt8>) throws -> JSON {
        JSON(foundation: try JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed]))
    }

    private init(foundation value: Any) {
        switch value {
        case let text as String: self = .string(text)
        case let number as NSNumber:
            // A JSON boolean is the only NSNumber with the type code of a char.
            self = String(cString: number.objCType) == "c" ? .bool(number.boolValue) : .number(number.decimalValue)
        case let list as [Any]: self = .array(list.map(JSON.init(foundation:)))
        case let members as [String: Any]: self = .object(members.mapValues(JSON.init(foundation:)))
        default: self = .null
        }
    }

    public subscript(name: String) -> JSON {
        if case .object(let members) = self { members[name] ?? .null } else { .null }
    }

    public subscript(index: Int) -> JSON {
        if case .array(let items) = self, items.indices.contains(index) { items[index] } else { .null }
    }

    public var string: String? { if case .string(let text) = self { text } else { nil } }
    public var bool: Bool? { if case .bool(let truth) = self { truth } else { nil } }
    public var number: Decimal? { if case .number(let number) = self { number } else { nil } }
    public var int: Int? { number.flatMap { Int(exactly: NSDecimalNumber(decimal: $0).doubleValue) } }
    public var items: [JSON] { if case .array(let items) = self { items } else { [] } }
    public var members: [String: JSON] { if case .object(let members) = self { members } else { [:] } }

    /// This value with `other` merged over it: objects member by member; anything else is replaced.
    public func overlaid(with other: JSON) -> JSON {
        guard case .object(var members) = self, case .object(let overlay) = other else { return other }
        for (name, value) in overlay {
            members[name] = members[name]?.overlaid(with: value) ?? value
        }
        return .object(members)
    }

    /// Compact JSON text, members sorted by name.
    public var text: String {
        switch self {
        case .null: "null"
        case .bool(let truth): truth ? "true" : "false"
        case .number(let number): "\(number)"
        case .string(let text): JSON.quoted(text)
        case .array(let items): "[" + items.map(\.text).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }.map { "\(JSON.quoted($0.key)):\($0.value.text)" }
                .joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\u{00}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int) { self = .number(Decimal(value)) }
    public init(floatLiteral value: Double) { self = .number(Decimal(value)) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
    public init(nilLiteral: ()) { self = .null }
}
