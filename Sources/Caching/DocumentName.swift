/// A document's identifier in little room: 16 bytes for the lower-case UUID that it always is in a classify request.
enum DocumentName: Equatable, Sendable {
    case uuid(UInt64, UInt64)
    /// Any other text, as it was given.
    case text(String)

    init(_ text: String) {
        var words: (UInt64, UInt64) = (0, 0)
        var digits = 0
        var position = 0
        for byte in text.utf8 {
            defer { position += 1 }
            switch (position, byte) {
            case (8, UInt8(ascii: "-")), (13, UInt8(ascii: "-")), (18, UInt8(ascii: "-")), (23, UInt8(ascii: "-")):
                continue
            case (8, _), (13, _), (18, _), (23, _), (36..., _):
                self = .text(text)
                return
            case (_, 0x30...0x39), (_, 0x61...0x66):
                let digit = UInt64(byte <= 0x39 ? byte - 0x30 : byte - 0x57)
                if digits < 16 { words.0 = words.0 << 4 | digit } else { words.1 = words.1 << 4 | digit }
                digits += 1
            default:
                self = .text(text)
                return
            }
        }
        self = position == 36 ? .uuid(words.0, words.1) : .text(text)
    }

    var text: String {
        switch self {
        case .text(let text): return text
        case .uuid(let high, let low):
            var bytes: [UInt8] = []
            bytes.reserveCapacity(36)
            for digit in 0..<32 {
                if digit == 8 || digit == 12 || digit == 16 || digit == 20 { bytes.append(UInt8(ascii: "-")) }
                let word = digit < 16 ? high : low
                let value = UInt8(truncatingIfNeeded: word >> (60 - 4 * UInt64(digit & 15)) & 15)
                bytes.append(value < 10 ? 0x30 + value : 0x57 + value)
            }
            return String(decoding: bytes, as: UTF8.self)
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
