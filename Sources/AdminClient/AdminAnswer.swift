import JSON

/// A response of the admin API: its status and all of its content.
struct AdminAnswer: Equatable {
    /// The meaning of a response.
    enum Meaning {
        /// Done; there is nothing to show.
        case done
        /// A JSON object.
        case object(JSONValue)
        /// An error in the gateway's format (`docs/api.md` §3).
        case refused(code: String, message: String)
        /// Not a response of the admin API, with the reason.
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
