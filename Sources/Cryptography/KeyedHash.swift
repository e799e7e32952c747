public import Vocabulary

/// SipHash-1-3 with 128 bits of output (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012): a hash that
/// cannot be predicted without the key. Immutable.
///
/// For what is hashed at every hit, where SHA-256 would be most of the work. It is no digest for others to verify: a
/// fingerprint is compared only with fingerprints under the same key, and the key never leaves the process. One round
/// per word is what hash tables of several languages rely on against forged collisions; the best that is known against
/// it collides with a probability of 2^-167 (Dobraunig, Mendel and Schläffer, "Differential Cryptanalysis of SipHash",
/// 2014), far below that of two fingerprints being equal by chance.
public struct KeyedHash: Sendable {
    @usableFromInline
    let key0, key1: UInt64

    /// - Parameter key: secret and random.
    public init(key0: UInt64, key1: UInt64) {
        self.key0 = key0
        self.key1 = key1
    }

    /// A hash for one purpose, whose key follows from a secret: two purposes have unrelated fingerprints.
    public init(secret: [UInt8], purpose: [UInt8]) {
        let hasher = SHA256Hasher()
        // Both have their lengths before them, so that no two pairs run together.
        for part in [secret, purpose] {
            hasher.update(Array(unsafe withUnsafeBytes(of: UInt64(part.count).bigEndian) { unsafe Array($0) }))
            hasher.update(part)
        }
        let digest = hasher.finalize()
        self.init(key0: digest.word0, key1: digest.word1)
    }

    @inlinable
    public func fingerprint(_ bytes: Span<UInt8>) -> Fingerprint {
        unsafe bytes.withUnsafeBytes { unsafe fingerprint($0) }
    }

    @inlinable
    func fingerprint(_ bytes: UnsafeRawBufferPointer) -> Fingerprint {
        unsafe Self.hash(bytes, key0, key1, compression: 1, finalization: 3)
    }

    /// SipHash-c-d with 128 bits of output.
    @inlinable @inline(__always)
    static func hash(
        _ bytes: UnsafeRawBufferPointer,
        _ key0: UInt64,
        _ key1: UInt64,
        compression: Int,
        finalization: Int
    ) -> Fingerprint {
        var state = SipState(key0, key1)
        let whole = bytes.count & ~7
        var index = 0
        while index < whole {
            let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            state.compress(UInt64(littleEndian: word), compression)
            index += 8
        }
        var last = UInt64(truncatingIfNeeded: bytes.count) << 56
        while index < bytes.count {
            unsafe last |= UInt64(bytes[index]) << UInt64(8 * (index & 7))
            index += 1
        }
        state.compress(last, compression)
        return state.finish(finalization)
    }
}

/// The four words of SipHash and what is done with them.
@usableFromInline
struct SipState {
    @usableFromInline var v0, v1, v2, v3: UInt64

    @inlinable
    init(_ key0: UInt64, _ key1: UInt64) {
        v0 = key0 ^ 0x736f_6d65_7073_6575
        // The constant with 0xee is that of 128 bits of output.
        v1 = key1 ^ 0x646f_7261_6e64_6f6d ^ 0xee
        v2 = key0 ^ 0x6c79_6765_6e65_7261
        v3 = key1 ^ 0x7465_6462_7974_6573
    }

    @inlinable @inline(__always)
    mutating func compress(_ word: UInt64, _ rounds: Int) {
        v3 ^= word
        for _ in 0..<rounds { round() }
        v0 ^= word
    }

    @inlinable @inline(__always)
    mutating func finish(_ rounds: Int) -> Fingerprint {
        v2 ^= 0xee
        for _ in 0..<rounds { round() }
        let first = v0 ^ v1 ^ v2 ^ v3
        v1 ^= 0xdd
        for _ in 0..<rounds { round() }
        return Fingerprint(first, v0 ^ v1 ^ v2 ^ v3)
    }

    @inlinable @inline(__always)
    mutating func round() {
        v0 &+= v1
        v2 &+= v3
        v1 = rotated(v1, 13) ^ v0
        v3 = rotated(v3, 16) ^ v2
        v0 = rotated(v0, 32)
        v2 &+= v1
        v0 &+= v3
        v1 = rotated(v1, 17) ^ v2
        v3 = rotated(v3, 21) ^ v0
        v2 = rotated(v2, 32)
    }

    @inlinable @inline(__always)
    func rotated(_ word: UInt64, _ bits: UInt64) -> UInt64 { word << bits | word >> (64 - bits) }
}
