import Vocabulary

/// The documents that one key was refused for in a row, with no success between. Pure.
///
/// Three of them put the key out when it was refused as a key (a 401, or a 403 in other words than the vendor's), five in
/// whatever words: `docs/faults.md` §4. A document counts once. Bounded: with the fifth the key is put out, and nothing
/// more is counted.
struct RefusalCount {
    private static let keyRefusalsMax = 3
    private static let refusalsMax = 5

    private var documents: [String] = []
    /// Those of `documents` for which the key was refused as a key.
    private var keyDocuments: [String] = []

    /// - Returns: why the key is at fault, if this refusal was the one too many.
    mutating func add(_ rejection: Rejection, of document: String) -> QuarantineReason? {
        Self.insert(document, into: &documents)
        switch rejection {
        case .unauthorized, .forbidden:
            Self.insert(document, into: &keyDocuments)
            if keyDocuments.count >= Self.keyRefusalsMax { return rejection.reason }
        case .refused: break
        }
        return documents.count >= Self.refusalsMax ? .refusedRepeatedly : nil
    }

    private static func insert(_ document: String, into documents: inout [String]) {
        if !documents.contains(document) { documents.append(document) }
    }
}
