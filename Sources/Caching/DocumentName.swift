import Vocabulary

/// A document's identifier in little room: 16 bytes for the lower-case UUID that it always is in a classify request.
enum DocumentName: Equatable, Sendable {
    case uuid(UInt64, UInt64)
    /// Any other text, as it was given.
    case text(String)

    init(_ text: String) {
        self = UUIDWords(text).map { .uuid($0.high, $0.low) } ?? .text(text)
    }

    var text: String {
        switch self {
        case .text(let text): text
        case .uuid(let high, let low): UUIDWords(high: high, low: low).text
        }
    }

    /// The bits that `DigestIndex` places it by.
    var tag: UInt32 {
        let word: UInt64 =
            switch self {
            case .uuid(let high, let low): high ^ low
            case .text(let text): UInt64(bitPattern: Int64(text.hashValue))
            }
        // Spreads identifiers that differ in a few bits only.
        return UInt32(truncatingIfNeeded: (word &* 0x9E37_79B9_7F4A_7C15) >> 32)
    }

    /// Bytes of storage beside the value itself.
    var ownBytes: Int {
        switch self {
        case .uuid: 0
        case .text(let text): SharedText.storageBytes(ofLength: text.utf8.count)
        }
    }
}
