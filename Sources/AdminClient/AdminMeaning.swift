import Calling
import JSON

/// The meaning of a response of the admin API.
enum AdminMeaning {
    /// Done; there is nothing to show.
    case done
    /// A JSON object.
    case object(JSONValue)
    /// An error in the gateway's format (`docs/api.md` §3).
    case refused(code: String, message: String)
    /// Not a response of the admin API, with the reason.
    case foreign(String)

    init(_ answer: CallAnswer) {
        let status = answer.status
        guard status != 204 else {
            self = .done
            return
        }
        guard let object = try? JSONValue.parse(answer.content.span), case .object = object else {
            self = .foreign("HTTP \(status) without a JSON object")
            return
        }
        if (200..<300).contains(status) {
            self = .object(object)
        } else if status >= 400, case .string(let code)? = object["error"],
            case .string(let message)? = object["message"]
        {
            self = .refused(code: code, message: message)
        } else {
            self = .foreign("HTTP \(status) with JSON that is not the gateway's")
        }
    }
}
