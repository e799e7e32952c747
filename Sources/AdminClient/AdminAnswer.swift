import JSON

/// A response of the admin API: its status and all of its content.
struct AdminAnswer: Equatable {
    /// What a response says.
    enum Meaning {
        /// Done, and there is nothing to show.
        case done
        /// A JSON object.
        case object(JSONValue)
        /// An error in the shape that the gateway gives it (`docs/api.md` §3).
        case refused(code: String, message: String)
        /// Nothing that the admin API would say, and why not.
        case foreign(String)
    }

    let status: Int
    let content: [UInt8]

    var meaning: Meaning {
        if status == 204 { return .done }
        guard let object = try? JSONValue.parse(content.span), case .object = object else {
            return .foreign("HTTP \(status) without a JSON object")
        }
        if (200..<300).contains(status) { return .object(object) }
        guard status >= 400, case .string(let code)? = object["error"], case .string(let message)? = object["message"]
        else { return .foreign("HTTP \(status) with JSON that is not the gateway's") }
        return .refused(code: code, message: message)
    }
}
