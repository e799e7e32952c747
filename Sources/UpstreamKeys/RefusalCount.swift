import Vocabulary

/// The documents that one key was refused for in a row, with no success in between. Pure.
///
/// Three documents quarantine the key when it was refused as a key (a 401, or a 403 without the vendor's error shape),
/// five whatever the form of the refusals: `docs/faults.md` §4. A document counts once. Bounded: the fifth document
/// quarantines the key, and no more are counted.
struct RefusalCount {
    private static let keyRefusalsMax = 3
    private static let refusalsMax = 5

    private var documents: [String] = []
    /// Those of `documents` for which the key was refused as a key.
    private var keyDocuments: [String] = []

    /// - Returns: why the key is at fault, if this refusal reached a limit.
    mutating func add(_ rejection: Rejection, of document: String) -> QuarantineReason? {
        Self.insert(document, into: &documents)
        switch rejection {
        case .unauthorized, .unauthorizedInShape, .forbidden:
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
