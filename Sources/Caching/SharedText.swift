import Vocabulary

/// Gives equal texts one storage: a million results name few teams, models and labels.
///
/// Guarded: the table is bounded in number and in the length of a text and never shrinks. Texts of up to 15 bytes need
/// no storage of their own in Swift and pass through. Equality is that of bytes: String's own would give one text the
/// spelling of another that is canonically equivalent.
enum SharedText {
    /// The text to keep, and how many bytes of storage it has for itself.
    static func share(_ text: String) -> (text: String, ownBytes: Int) {
        let count = text.utf8.count
        if count <= 15 { return (text, 0) }
        guard count <= textBytesMax else { return (compact(text), storageBytes(ofLength: count)) }
        return table.withLock { table in
            let exact = ExactText(text: text)
            if let index = table.index(forKey: exact) { return (table[index].key.text, 0) }
            let kept = compact(text)
            if table.count >= textsMax { return (kept, storageBytes(ofLength: count)) }
            table[ExactText(text: kept)] = ()
            return (kept, 0)
        }
    }

    /// A copy without spare room.
    static func compact(_ text: String) -> String { String(decoding: Array(text.utf8), as: UTF8.self) }

    /// What the storage of such a text takes: header, bytes, terminator, and malloc's rounding.
    static func storageBytes(ofLength count: Int) -> Int { count <= 15 ? 0 : (32 + count + 1 + 8 + 15) & ~15 }

    private static let textsMax = 4_096
    private static let textBytesMax = 256
    private static let table = Guarded<[ExactText: Void]>([:])

    private struct ExactText: Hashable {
        let text: String

        static func == (left: ExactText, right: ExactText) -> Bool { left.text.hasBytes(of: right.text) }

        func hash(into hasher: inout Hasher) {
            for byte in text.utf8 { hasher.combine(byte) }
        }
    }
}
