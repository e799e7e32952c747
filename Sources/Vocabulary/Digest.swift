/// A SHA-256 digest (FIPS 180-4) of a secret, a request or a cache key. Any part of it serves as a hash.
public struct Digest: Hashable, Sendable {
    public let word0, word1, word2, word3: UInt64

    @inlinable
    public init(_ word0: UInt64, _ word1: UInt64, _ word2: UInt64, _ word3: UInt64) {
        self.word0 = word0
        self.word1 = word1
        self.word2 = word2
        self.word3 = word3
    }

    @inlinable
    public static func == (left: Digest, right: Digest) -> Bool {
        left.word0 == right.word0 && left.word1 == right.word1 && left.word2 == right.word2 && left.word3 == right.word3
    }

    @inlinable
    public func hash(into hasher: inout Hasher) { hasher.combine(word0) }
}

extension Digest: CustomStringConvertible {
    /// The 32 bytes, starting with the most significant byte of `word0`.
    public var bytes: [UInt8] {
        [word0, word1, word2, word3].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) }
        }
    }

    /// Nil unless there are 32 bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        var words = [UInt64](repeating: 0, count: 4)
        for (index, byte) in bytes.enumerated() { words[index / 8] = words[index / 8] << 8 | UInt64(byte) }
        self.init(words[0], words[1], words[2], words[3])
    }

    /// 64 hexadecimal digits in lower case.
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Reads 64 hexadecimal digits of either case.
    public init?(hexadecimal text: String) {
        let digits = text.utf8.map { Character(Unicode.Scalar($0)).hexDigitValue.map(UInt8.init) }
        guard digits.count == 64, !digits.contains(nil) else { return nil }
        self.init(bytes: stride(from: 0, to: 64, by: 2).map { digits[$0]! << 4 | digits[$0 + 1]! })
    }
}
