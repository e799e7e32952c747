import JSON

/// The members of a request body: only those that were given, so the gateway leaves the rest unchanged.
struct MemberList {
    private var members: [(name: String, value: JSONValue)] = []

    var isEmpty: Bool { members.isEmpty }
    var object: JSONValue { .object(members) }

    /// Does nothing when `value` is nil.
    mutating func set(_ name: String, _ value: JSONValue?) {
        if let value { members.append((name, value)) }
    }

    mutating func set(_ name: String, _ text: String?) { set(name, text.map(JSONValue.string)) }

    /// Does nothing for an empty list, which means that the option was not given.
    mutating func set(_ name: String, _ values: [JSONValue]) {
        if !values.isEmpty { set(name, .array(values)) }
    }

    /// Removes a value by sending null or an empty list.
    mutating func clear(_ name: String, if isWanted: Bool, with value: JSONValue = .null) {
        if isWanted { set(name, value) }
    }
}
