/// How long texts may be that come from clients and are kept in the ledger and the roll-ups.
enum StoredText {
    /// Of a model's name, in bytes of UTF-8. The vendor's own are far shorter.
    static let modelBytesMax = 128

    /// The text, cut to a number of bytes.
    static func cut(_ text: String, atMost bytesMax: Int) -> String {
        guard text.utf8.count > bytesMax else { return text }
        let bytes = Array(text.utf8)
        let length = unsafe bytes.withUnsafeBufferPointer { unsafe Self.length(of: $0, atMost: bytesMax) }
        return String(decoding: bytes[..<length], as: UTF8.self)
    }

    /// The length of the text when it is cut to a number of bytes, without cutting a character (Unicode scalar).
    static func length(of text: UnsafeBufferPointer<UInt8>, atMost bytesMax: Int) -> Int {
        guard text.count > bytesMax else { return text.count }
        var length = bytesMax
        // A byte that continues a character (RFC 3629 §3: 10xxxxxx) would be the first one left out.
        while length > 0, unsafe text[length] & 0xC0 == 0x80 { length -= 1 }
        return length
    }
}
