import Vocabulary

/// How people write a key.
extension SealingKey {
    private static let base64Digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

    /// Reads 64 hexadecimal digits of either case, or the base64 of 32 bytes (RFC 4648) in the standard alphabet or the
    /// one for URLs, with or without padding. Nil for anything else.
    public init?(text: String) {
        guard let bytes = Digest(hexadecimal: text)?.bytes ?? Self.base64(text) else { return nil }
        self.init(bytes: bytes)
    }

    private static func base64(_ text: String) -> [UInt8]? {
        var digits = Array(text.utf8)
        if digits.count == 44, digits.last == UInt8(ascii: "=") { digits.removeLast() }
        guard digits.count == 43 else { return nil }
        let isForURL = digits.contains { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
        let alphabet = base64Digits + (isForURL ? "-_" : "+/").utf8
        let values = digits.compactMap { alphabet.firstIndex(of: $0) }
        // The last digit has two bits that no byte takes: set, they are no key's (RFC 4648 §3.5).
        guard values.count == digits.count, let last = values.last, last & 3 == 0 else { return nil }
        return bytes(sixBitsEach: values)
    }

    private static func bytes(sixBitsEach values: [Int]) -> [UInt8] {
        var bytes: [UInt8] = []
        var (bits, count) = (0, 0)
        for value in values {
            (bits, count) = ((bits << 6 | value) & 0xFFFF, count + 6)
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> count))
        }
        return bytes
    }
}
