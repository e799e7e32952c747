import JSON
import Vocabulary

/// What the server does for one classify call, decided when the call arrives.
struct ReplyPlan: Sendable {
    /// Wait for a release before anything else.
    let isHeld: Bool
    /// How long the call takes after that.
    let delay: Duration
    /// The charge to book, and to write to the charge log, before the first byte of the reply is sent.
    let charge: Charge?
    let delivery: Delivery
}

/// One charge to an account of the simulated vendor.
struct Charge: Equatable, Sendable {
    let key: String
    let documentID: String
    let credits: MicroCredits
    /// The caller's `x-request-id`.
    let requestID: String?

    /// One line of the charge log, including the line end.
    func line(at time: Timestamp) -> String {
        var text = #"{"time": "\#(time.rfc3339)", "key": \#(JSONText.quoted(key)), "#
        text += #""document_id": \#(JSONText.quoted(documentID)), "credits": \#(credits), "#
        return text + "\"request_id\": \(requestID.map(JSONText.quoted) ?? "null")}\n"
    }
}
