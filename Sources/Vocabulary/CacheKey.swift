/// The key of a stored result: two requests share a result exactly when their keys are equal.
///
/// A separate type, so that the digest of a secret or of a body is not mistaken for one. Keying derives it; Caching,
/// Coalescing and Storage look it up.
public struct CacheKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let digest: Digest

    @inlinable
    public init(_ digest: Digest) { self.digest = digest }

    @inlinable
    public static func == (left: CacheKey, right: CacheKey) -> Bool { left.digest == right.digest }

    @inlinable
    public func hash(into hasher: inout Hasher) { hasher.combine(digest) }

    /// The order of the bytes.
    @inlinable
    public static func < (left: CacheKey, right: CacheKey) -> Bool {
        let (left, right) = (left.digest, right.digest)
        return (left.word0, left.word1, left.word2, left.word3) < (right.word0, right.word1, right.word2, right.word3)
    }

    /// 64 hexadecimal digits in lower case.
    public var description: String { digest.description }
}
