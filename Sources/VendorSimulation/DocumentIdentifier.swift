/// Checks of the identifiers of documents.
enum DocumentIdentifier {
    /// `text` in lower case if it is a UUID in its usual form of 36 characters, else nil.
    static func normalised(_ text: String) -> String? {
        var bytes = Array(text.utf8)
        guard bytes.count == 36 else { return nil }
        for (index, byte) in bytes.enumerated() {
            switch (index, byte) {
            case (8, UInt8(ascii: "-")), (13, UInt8(ascii: "-")), (18, UInt8(ascii: "-")), (23, UInt8(ascii: "-")):
                break
            case (8, _), (13, _), (18, _), (23, _): return nil
            case (_, UInt8(ascii: "0")...UInt8(ascii: "9")), (_, UInt8(ascii: "a")...UInt8(ascii: "f")): break
            case (_, UInt8(ascii: "A")...UInt8(ascii: "F")): bytes[index] |= 0x20
            default: return nil
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
