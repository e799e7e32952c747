/// A document's identifier as the roll-ups keep it: the 16 bytes of its UUID.
struct PackedDocument: Hashable, Comparable, Sendable {
    let high, low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Nil unless the text is a UUID in lower case, which that of a classify request always is.
    init?(_ text: String) {
        guard text.utf8.count == 36 else { return nil }
        var text = text
        guard let words = text.withUTF8({ unsafe Self.words($0) }) else { return nil }
        self.init(high: words.high, low: words.low)
    }

    private static func words(_ text: UnsafeBufferPointer<UInt8>) -> (high: UInt64, low: UInt64)? {
        var words = (high: UInt64(0), low: UInt64(0))
        for position in 0..<36 {
            let byte = unsafe text[position]
            let digit: UInt64
            switch (position, byte) {
            case (8, UInt8(ascii: "-")), (13, UInt8(ascii: "-")), (18, UInt8(ascii: "-")), (23, UInt8(ascii: "-")):
                continue
            case (8, _), (13, _), (18, _), (23, _): return nil
            case (_, 0x30...0x39): digit = UInt64(byte - 0x30)
            case (_, 0x61...0x66): digit = UInt64(byte - 0x57)
            default: return nil
            }
            // The third dash parts the words.
            if position < 19 { words.high = words.high << 4 | digit } else { words.low = words.low << 4 | digit }
        }
        return words
    }

    static func < (left: PackedDocument, right: PackedDocument) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    var text: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(36)
        for digit in 0..<32 {
            if digit == 8 || digit == 12 || digit == 16 || digit == 20 { bytes.append(UInt8(ascii: "-")) }
            let value = UInt8(truncatingIfNeeded: (digit < 16 ? high : low) >> (60 - 4 * UInt64(digit & 15)) & 15)
            bytes.append(value < 10 ? 0x30 + value : 0x57 + value)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
