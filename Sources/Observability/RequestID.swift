import JSON
public import Vocabulary

/// What one request is called in its reply, in the logs and at the vendor.
public enum RequestID: Sendable, Equatable {
    /// A UUID (RFC 9562 §5.4) made here, as its two halves: its text is written only where it is needed.
    case made(UInt64, UInt64)
    /// The client's own, 1 to 128 visible ASCII characters.
    case chosen([UInt8])

    /// Whether a client may choose this: fit for a field, a log line and the vendor. What has a team's key in it is
    /// not: it would be in every log and go to the vendor.
    public static func isAcceptable(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= 1, bytes.count <= 128 else { return false }
        var hasPercent = false
        for index in 0..<bytes.count {
            if bytes[index] <= 0x20 || bytes[index] >= 0x7F { return false }
            if bytes[index] == UInt8(ascii: "%") { hasPercent = true }
        }
        // A decoder finds what is encoded, and few identifiers have to be decoded.
        if hasPercent { return SecretMask().masked(bytes) == bytes.withUnsafeBufferPointer { Array($0) } }
        return KeyShape.firstSecret(in: bytes) == nil
    }

    /// Appends the text.
    ///
    /// - Parameter escaped: as it is written inside a JSON string.
    public func write(to output: inout ByteWriter, escaped: Bool = false) {
        switch self {
        case .chosen(let bytes):
            if escaped { JSONText.appendEscaped(bytes.span, to: &output) } else { output.append(bytes) }
        case .made(let high, let low):
            output.append(count: 36) { text in
                let place = UnsafeMutableRawPointer(text)
                // 8-4-4-4-12 digits: each group of eight is written whole, and what belongs elsewhere overwritten.
                Self.store(Self.digits(high >> 32), place, at: 0)
                let second = Self.digits(high & 0xFFFF_FFFF)
                Self.store(second, place, at: 9)
                Self.store(second >> 32, place, at: 14)
                let third = Self.digits(low >> 32)
                Self.store(third, place, at: 19)
                Self.store(third >> 32, place, at: 24)
                Self.store(Self.digits(low & 0xFFFF_FFFF), place, at: 28)
                let dash = UInt8(ascii: "-")
                (text[8], text[13], text[18], text[23]) = (dash, dash, dash, dash)
            }
        }
    }

    /// The text.
    public var bytes: [UInt8] {
        if case .chosen(let bytes) = self { return bytes }
        var output = ByteWriter(capacity: 36)
        write(to: &output)
        return output.bytes
    }

    /// The eight hexadecimal digits of 32 bits, the first one in the lowest byte.
    private static func digits(_ word: UInt64) -> UInt64 {
        // Each step halves the groups and moves the halves apart, until every byte holds one digit.
        var spread = (word & 0xFFFF) << 32 | word >> 16
        spread = (spread & 0x0000_00FF_0000_00FF) << 16 | (spread & 0x0000_FF00_0000_FF00) >> 8
        spread = (spread & 0x000F_000F_000F_000F) << 8 | (spread & 0x00F0_00F0_00F0_00F0) >> 4
        // 1 in each byte whose digit is a letter.
        let letters = (spread &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return spread &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
    }

    private static func store(_ digits: UInt64, _ place: UnsafeMutableRawPointer, at offset: Int) {
        place.storeBytes(of: digits.littleEndian, toByteOffset: offset, as: UInt64.self)
    }
}
