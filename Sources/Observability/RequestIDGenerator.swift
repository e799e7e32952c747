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

    /// A new one.
    public mutating func make() -> RequestID {
        .made(next() & ~0xF000 | 0x4000, next() & ~(3 << 62) | 2 << 62)
    }

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
