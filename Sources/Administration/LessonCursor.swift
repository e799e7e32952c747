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
        // An account's identifier contains no slash.
        let document = parts.last?.split(separator: "/", omittingEmptySubsequences: false) ?? []
        switch (parts.count, parts[0]) {
        case (2, "model"): self = .model(String(parts[1]))
        case (2, "document") where document.count == 2:
            let account = AccountID(rawValue: String(document[0]))
            self = .document(DocumentKey(account: account, documentID: String(document[1])))
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
