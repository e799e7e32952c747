import Vocabulary

/// The lesson after which a page begins: `model:NAME`, `document:ACCOUNT/ID`.
enum LessonCursor: Equatable {
    case start
    case model(String)
    case document(DocumentKey)

    /// Parses a `next_cursor`; nil is the start.
    init(_ text: String?) throws(AdminFault) {
        guard let text else {
            self = .start
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        // An account's identifier may contain a slash; a document's has none.
        let slash = parts.last?.lastIndex(of: "/")
        switch (parts.count, parts[0], slash) {
        case (2, "model", _): self = .model(String(parts[1]))
        case (2, "document", let slash?):
            let account = AccountID(rawValue: String(parts[1][..<slash]))
            let document = String(parts[1][parts[1].index(after: slash)...])
            self = .document(DocumentKey(account: account, documentID: document))
        default: throw .unprocessable("cursor", "must be the next_cursor of the page before")
        }
    }

    var text: String {
        switch self {
        case .start: ""
        case .model(let name): "model:\(name)"
        case .document(let document): "document:\(document.account)/\(document.documentID)"
        }
    }
}
