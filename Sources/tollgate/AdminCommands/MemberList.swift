import JSON

/// The members of a request body: what was given, and nothing else, so that the gateway leaves the rest as it is.
struct MemberList {
    private var members: [(name: String, value: JSONValue)] = []

    var isEmpty: Bool { members.isEmpty }
    var object: JSONValue { .object(members) }

    /// Nothing happens where there is no value.
    mutating func set(_ name: String, _ value: JSONValue?) {
        if let value { members.append((name, value)) }
    }

    mutating func set(_ name: String, _ text: String?) { set(name, text.map(JSONValue.string)) }

    /// Nothing happens for an empty list, which is an option that was not given.
    mutating func set(_ name: String, _ values: [JSONValue]) {
        if !values.isEmpty { set(name, .array(values)) }
    }

    /// Takes off what the member says: null, or a list of nothing.
    mutating func clear(_ name: String, if isWanted: Bool, with value: JSONValue = .null) {
        if isWanted { set(name, value) }
    }
}
