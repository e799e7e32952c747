/// 128 bits that stand for some bytes within this process: the body of a request as it was sent, a key as it was shown.
///
/// Made by a hash under a secret of the process (Cryptography, `KeyedHash`), so nobody outside can find two texts with
/// one fingerprint, nor learn anything from which table slots one leads to. It means nothing to another process.
public struct Fingerprint: Hashable, Sendable {
    public let word0, word1: UInt64

    @inlinable
    public init(_ word0: UInt64, _ word1: UInt64) {
        self.word0 = word0
        self.word1 = word1
    }

    @inlinable
    public static func == (left: Fingerprint, right: Fingerprint) -> Bool {
        ((left.word0 ^ right.word0) | (left.word1 ^ right.word1)) == 0
    }

    @inlinable
    public func hash(into hasher: inout Hasher) { hasher.combine(word0) }
}
