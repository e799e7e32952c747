/// A 128-bit identifier of some bytes within this process: the body of a request as sent, a key as presented.
///
/// A keyed hash under a secret of the process (Cryptography, `KeyedHash`): a client cannot find two texts with the same
/// fingerprint, nor learn anything from the table slots it selects. It has no meaning in another process.
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
