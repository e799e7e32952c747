/// What looks like the secret of a team's key as it is issued here (`docs/api.md` §5): `tg_`, 8 letters and digits of
/// its public identifier, `_` and 32 letters and digits.
public enum KeyShape {
    /// Behind `_`: half of them count already, so that no key that was cut passes.
    private static let secretMin = 16
    private static let publicLength = 8

    /// Where the secret part of the first such key is; the public identifier before it is no secret.
    public static func firstSecret(in bytes: Span<UInt8>, from start: Int = 0) -> Range<Int>? {
        let prefix = 3 + publicLength + 1
        var index = start
        while index + prefix + secretMin <= bytes.count {
            if isPrefix(bytes, index) {
                var end = index + prefix
                while end < bytes.count, isAlphanumeric(bytes[end]) { end += 1 }
                if end - index - prefix >= secretMin { return (index + prefix)..<end }
            }
            index += 1
        }
        return nil
    }

    /// Whether there is a key anywhere in the text.
    public static func isFound(in text: some StringProtocol) -> Bool {
        firstSecret(in: Array(text.utf8).span) != nil
    }

    private static func isPrefix(_ bytes: Span<UInt8>, _ start: Int) -> Bool {
        guard bytes[start] == UInt8(ascii: "t"), bytes[start + 1] == UInt8(ascii: "g"),
            bytes[start + 2] == UInt8(ascii: "_"), bytes[start + 3 + publicLength] == UInt8(ascii: "_")
        else { return false }
        return (3..<(3 + publicLength)).allSatisfy { isAlphanumeric(bytes[start + $0]) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
