import Foundation

/// Classify bodies: the vendor's sample, other spellings of it, and bodies about a test's own documents.
public enum SampleRequests {
    public static let documentID = "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8"

    /// A part of the sample's descriptions, which must never appear in a log.
    public static let confidentialPieces = ["requesting payment", "purchase_order", "legally binding"]

    /// The body of the vendor's sample curl command, verbatim.
    public static let vendors = """
        {
        "document_id": "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8",
        "classification_schema": [
        { "label": "invoice", "description": "A document requesting payment for goods or services rendered" },
        { "label": "purchase_order", "description": "A buyer-issued document authorizing a purchase from a supplier" },
        { "label": "contract", "description": "A legally binding agreement between two or more parties" },
        { "label": "other", "description": "Any document that does not fit the above categories" }
        ],
        "page_range": "1-2",
        "query_model": "gpt-4o-mini"
        }
        """

    /// A new document that no other test asks about.
    public static func newDocumentID() -> String { UUID().uuidString.lowercased() }

    /// A compact body about `document`, with the required members and `extra`, e.g. `,"page_range":"1"`.
    public static func about(_ document: String = newDocumentID(), extra: String = "") -> String {
        """
        {"document_id":"\(document)","classification_schema":[\
        {"label":"invoice","description":"A document requesting payment"},\
        {"label":"contract","description":"A legally binding agreement"}]\(extra)}
        """
    }
}
