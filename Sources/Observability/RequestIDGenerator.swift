import Glibc

/// Makes identifiers for requests that come without one: random UUIDs (RFC 9562 §5.4). Confined to its worker.
///
/// They have to be distinct, not secret: xoshiro256**, seeded by the kernel, costs no system call each.
public struct RequestIDGenerator: Sendable {
    private var s0: UInt64
    private var s1: UInt64
    private var s2: UInt64
    private var s3: UInt64

    public init() {
        var generator = SystemRandomNumberGenerator()
        (s0, s1, s2, s3) = (generator.next() | 1, generator.next(), generator.next(), generator.next())
    }

    /// Appends 36 characters.
    public mutating func write(into bytes: inout [UInt8]) {
        let high = next() & ~0xF000 | 0x4000
        let low = next() & ~(3 << 62) | 2 << 62
        for index in 0..<16 {
            if index == 4 || index == 6 || index == 8 || index == 10 { bytes.append(UInt8(ascii: "-")) }
            let word = index < 8 ? high : low
            let byte = UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (index & 7)))
            bytes.append(Self.digit(byte >> 4))
            bytes.append(Self.digit(byte & 15))
        }
    }

    @inline(__always)
    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? value + 0x30 : value + 0x57 }

    private mutating func next() -> UInt64 {
        let product = s1 &* 5
        let result = (product << 7 | product >> 57) &* 9
        let shifted = s1 << 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= shifted
        s3 = s3 << 45 | s3 >> 19
        return result
    }
}

/// What a client may choose as the identifier of its request.
public enum RequestID {
    /// 1 to 128 visible ASCII characters: fit for a field, a log line and the vendor.
    public static func isAcceptable(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= 1, bytes.count <= 128 else { return false }
        for index in 0..<bytes.count where bytes[index] <= 0x20 || bytes[index] >= 0x7F { return false }
        return true
    }
}
