import JSON
import Vocabulary

/// A finished classification, with the members of the vendor's reply.
struct ClassifyResult {
    var requestID: String
    var documentID: String
    /// The saved classifier that was asked; nil for a schema in the request.
    var classifierID: String?
    /// Nil is written as `null`, for a classification that failed.
    var classification: String?
    var scores: [(label: String, share: Int)]
    var requestStatus = "completed"
    /// JSON text; nil leaves the member out.
    var creditsText: String?
    var pages: Int
    var duration: Duration

    /// The reply's body, its members in the order in which the vendor documents them.
    var json: String {
        let scores = scores.map { "\(JSONText.quoted($0.label)): \(CategoryScores.text(ofShare: $0.share))" }
        var text = #"{"request_id": \#(JSONText.quoted(requestID)), "#
        text += #""document_id": \#(JSONText.quoted(documentID)), "#
        text += #""classifier_id": \#(classifierID.map(JSONText.quoted) ?? "null"), "#
        text += #""classification": \#(classification.map(JSONText.quoted) ?? "null"), "#
        text += #""confidence_scores": {\#(scores.joined(separator: ", "))}, "#
        text += #""request_status": \#(JSONText.quoted(requestStatus)), "#
        if let creditsText { text += #""credits_used": \#(creditsText), "# }
        return text + #""num_pages": \#(pages), "duration": \#(durationText)}"#
    }

    /// Seconds with one decimal or more, to the millisecond: `1.4`.
    private var durationText: String {
        let milliseconds = duration.wholeNanoseconds / 1_000_000
        var digits = String(milliseconds % 1_000 + 1_000).dropFirst()
        while digits.count > 1, digits.last == "0" { digits.removeLast() }
        return "\(milliseconds / 1_000).\(digits)"
    }
}
