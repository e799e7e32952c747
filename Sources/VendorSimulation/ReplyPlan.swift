import JSON
import Vocabulary

/// All that the server has to do for one classify call, decided when the call came in.
struct ReplyPlan: Sendable {
    /// Wait for a release before anything else.
    let isHeld: Bool
    /// How long the call takes then.
    let delay: Duration
    /// What to book, and to write to the charge log, before the first byte of the reply goes out.
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

    /// One line of the charge log, line end included.
    func line(at time: Timestamp) -> String {
        var text = #"{"time": "\#(time.rfc3339)", "key": \#(JSONText.quoted(key)), "#
        text += #""document_id": \#(JSONText.quoted(documentID)), "credits": \#(credits), "#
        return text + "\"request_id\": \(requestID.map(JSONText.quoted) ?? "null")}\n"
    }
}
