import JSON

/// The text of a configuration in which single members can be replaced.
struct ConfigurationText {
    private(set) var root: JSONValue

    init(_ text: String) throws { root = try JSONValue.parse(Array(text.utf8).span) }

    var text: String { Self.write(root) }

    /// With another value, as JSON, for the member at `path`; without the member for nil. A new member comes last.
    func replacing(_ path: String, by value: String?) throws -> ConfigurationText {
        var changed = self
        let value = try value.map { try JSONValue.parse(Array($0.utf8).span) }
        changed.root = Self.replacing(root, Self.steps(path)[...], value)
        return changed
    }

    /// Every member and element, with its path, in the order of the text.
    var places: [(path: String, value: JSONValue)] { Self.places(root, at: "") }

    private static func places(_ value: JSONValue, at path: String) -> [(path: String, value: JSONValue)] {
        switch value {
        case .object(let members):
            members.flatMap { member in
                let inner = path.isEmpty ? member.name : "\(path).\(member.name)"
                return [(inner, member.value)] + places(member.value, at: inner)
            }
        case .array(let elements):
            elements.enumerated().flatMap { index, element in
                [("\(path)[\(index)]", element)] + places(element, at: "\(path)[\(index)]")
            }
        case .null, .bool, .number, .string: []
        }
    }

    /// `a.b[0].c` as `a`, `b`, `0`, `c`.
    private static func steps(_ path: String) -> [Substring] { path.split { ".[]".contains($0) } }

    private static func replacing(
        _ value: JSONValue,
        _ steps: ArraySlice<Substring>,
        _ new: JSONValue?
    ) -> JSONValue {
        guard let step = steps.first else { preconditionFailure("the whole is no member") }
        let rest = steps.dropFirst()
        switch value {
        case .object(var members):
            let index = members.firstIndex { $0.name == step }
            if !rest.isEmpty {
                guard let index else { preconditionFailure("no member \(step)") }
                members[index].value = replacing(members[index].value, rest, new)
            } else if let new {
                if let index { members[index].value = new } else { members.append((String(step), new)) }
            } else {
                members.removeAll { $0.name == step }
            }
            return .object(members)
        case .array(var elements):
            guard let index = Int(step), elements.indices.contains(index) else { preconditionFailure("no \(step)") }
            if !rest.isEmpty {
                elements[index] = replacing(elements[index], rest, new)
            } else if let new {
                elements[index] = new
            } else {
                elements.remove(at: index)
            }
            return .array(elements)
        case .null, .bool, .number, .string: preconditionFailure("nothing stands within a value at \(step)")
        }
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case "\0"..<" ": "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"" + escaped.joined() + "\""
    }

    private static func write(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let flag): flag ? "true" : "false"
        case .number(let text): text
        case .string(let text): quoted(text)
        case .array(let elements): "[" + elements.map(write).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { quoted($0.name) + ":" + write($0.value) }.joined(separator: ",") + "}"
        }
    }
}
